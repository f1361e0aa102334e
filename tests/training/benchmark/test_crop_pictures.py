"""All versions of a crop show the same place of the same picture; a slow method answers each question once."""

from pathlib import Path

import numpy as np
import pytest
from vidsharp.models.planes.picture import rgb_picture
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.training.benchmark import crop_pictures as module
from vidsharp.training.benchmark import crops as crops_module
from vidsharp.training.benchmark.crop_pictures import MARGIN_PX, crop_pictures, remembered
from vidsharp.training.benchmark.crops import Crop
from vidsharp.training.benchmark.pictures import recording, sharp_pictures
from vidsharp.training.errors import DataError
from vidsharp.training.evaluation.evaluation_pictures import CLIP_FORMAT, Planes
from vidsharp.training.evaluation.methods import Method

from tests.training.benchmark import toy

SOURCE = toy.screen()


def same(planes: Planes, fmt: PlaneFormat) -> Planes:
    return planes


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SIDE_PX", 96)
    monkeypatch.setattr(crops_module, "benchmark_sources", lambda: (SOURCE,))


def test_every_version_is_cut_at_one_place(tmp_path: Path) -> None:
    made = recording(SOURCE, sharp_pictures(SOURCE, tmp_path), "medium", 0)
    place = made.places[4]
    seen: list[tuple[int, ...]] = []

    def heavy(planes: Planes, fmt: PlaneFormat) -> Planes:
        seen.append(planes[0].shape)
        return planes

    lefts = (0, 104, 224)  # at the left, amid the picture, and at its right border
    chosen = [Crop("text", "made", "medium", place.item, left, 40, made.digest) for left in lefts]
    methods: dict[str, Method] = {"same": same, "dark": lambda planes, fmt: [planes[0] // 2, *planes[1:]]}
    for shown, left in zip(crop_pictures(tmp_path, chosen, methods, {"heavy": heavy}), lefts, strict=True):
        window = slice(40, 136), slice(left, left + 96)
        assert np.array_equal(shown.soft, rgb_picture(place.soft, CLIP_FORMAT)[window])
        assert np.array_equal(shown.sharp, rgb_picture(place.sharp, CLIP_FORMAT)[window])
        assert list(shown.made) == ["same", "dark", "heavy"]
        assert np.array_equal(shown.made["same"], shown.soft)
        inside = slice(4, -4), slice(4, -4)  # enlarged chroma differs where a picture ends
        assert np.array_equal(shown.made["heavy"][inside], shown.soft[inside])
        assert shown.made["dark"].mean() < shown.soft.mean()
    assert seen == [(128, 96 + MARGIN_PX), (128, 128), (128, 96 + MARGIN_PX)]


def test_a_crop_of_another_recording_is_refused(tmp_path: Path) -> None:
    made = recording(SOURCE, sharp_pictures(SOURCE, tmp_path), "medium", 0)
    other = Crop("text", "made", "medium", made.places[0].item, 0, 0, "0" * 64)
    with pytest.raises(DataError, match="'made' at level medium is not the one"):
        list(crop_pictures(tmp_path, [other], {}, {}))
    with pytest.raises(DataError, match="has no picture 999"):
        list(crop_pictures(tmp_path, [Crop("text", "made", "medium", "999", 0, 0, made.digest)], {}, {}))


def test_a_slow_method_is_asked_once_for_each_picture(tmp_path: Path) -> None:
    rng, asked = np.random.default_rng(0), []

    def slow(planes: Planes, fmt: PlaneFormat) -> Planes:
        asked.append(planes)
        return [255 - plane for plane in planes]

    first, second = ([rng.integers(0, 255, (s, s), dtype=np.uint8) for s in (16, 8, 8)] for _ in range(2))
    for _ in range(2):
        quick = remembered(slow, tmp_path / "kept", "net")
        for planes in (first, second):
            answer = quick(planes, CLIP_FORMAT)
            assert all(np.array_equal(a, 255 - b) for a, b in zip(answer, planes, strict=True))
    assert len(asked) == 2
    remembered(slow, tmp_path / "kept", "another net")(first, CLIP_FORMAT)
    assert len(asked) == 3
    for path in (tmp_path / "kept").iterdir():
        path.write_bytes(path.read_bytes()[:-1])  # damaged
    remembered(slow, tmp_path / "kept", "net")(first, CLIP_FORMAT)
    assert len(asked) == 4
