"""Sharp sequences to train on: within the canvas, the same for the same plan, and moving or still as drawn."""

from pathlib import Path

import numpy as np
import pytest
from av import VideoFrame
from PIL import Image
from skimage import data
from vidsharp.training.data import sharp_sequences as module
from vidsharp.training.data.sharp_sequences import CANVAS, SequencePlan, is_screen, sharp_sequence

from tests.support import media


def plan(file: Path, kind: str, number: int = 0, seed: int = 0) -> SequencePlan:
    return SequencePlan("someone", kind, file, number, seed)


def lumas(frames: list[VideoFrame]) -> list[np.ndarray]:
    return [frame.to_ndarray(format="yuv420p", threads=1)[: frame.height] for frame in frames]


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LENGTHS", (6, 12))


def photo(path: Path, size: tuple[int, int]) -> Path:
    Image.fromarray(data.astronaut()).resize(size).save(path)
    return path


@pytest.mark.parametrize("size", [(512, 512), (900, 700), (120, 90), (64, 400)])
def test_pans_lie_within_the_canvas_and_follow_from_their_plan(tmp_path: Path, size: tuple[int, int]) -> None:
    file = photo(tmp_path / "p.png", size)
    for number in range(2):
        frames = sharp_sequence(plan(file, "photo", number), 1)
        assert 6 <= len(frames) <= 12
        (shape,) = {(f.width, f.height, f.format.name) for f in frames}
        assert shape[0] <= CANVAS[0]
        assert shape[1] <= CANVAS[1]
        assert shape[0] % 2 == shape[1] % 2 == 0
        again = sharp_sequence(plan(file, "photo", number), 1)
        assert all(np.array_equal(a, b) for a, b in zip(lumas(frames), lumas(again), strict=True))


def test_other_numbers_and_seeds_are_other_sequences(tmp_path: Path) -> None:
    file = photo(tmp_path / "p.png", (900, 700))
    plans = [plan(file, "photo", n, s) for n in range(2) for s in range(2)]
    assert len({lumas(sharp_sequence(p, 1))[0].tobytes() for p in plans}) == 4


def test_some_pans_stand_still_and_others_do_not(tmp_path: Path) -> None:
    file = photo(tmp_path / "p.png", (900, 700))
    still = set()
    for number in range(6):
        pictures = lumas(sharp_sequence(plan(file, "photo", number), 1))
        still.add(all(np.array_equal(picture, pictures[0]) for picture in pictures))
    assert still == {True, False}


def test_runs_are_consecutive_frames_of_their_clip_and_too_short_ones_are_none(tmp_path: Path) -> None:
    media.call(tmp_path / "c.mp4", frames=30, size=(640, 360), audio=0)
    frames = sharp_sequence(plan(tmp_path / "c.mp4", "clip"), 6)
    assert (frames[0].width, frames[0].height) == (480, 270)
    numbers = [media.frame_index(luma) for luma in lumas(frames)]
    assert numbers == list(range(numbers[0], numbers[0] + len(frames)))
    assert sharp_sequence(plan(tmp_path / "c.mp4", "clip"), 13) == []


def test_screens_are_cut_and_never_scaled(tmp_path: Path) -> None:
    media.call(tmp_path / "napari_x.mp4", frames=12, size=(640, 400), audio=0, options={"crf": "1"})
    (first, *_) = lumas(sharp_sequence(plan(tmp_path / "napari_x.mp4", "clip"), 1))
    assert first.shape == (CANVAS[1], CANVAS[0])
    found = [
        np.array_equal(first, whole[top : top + CANVAS[1], left : left + CANVAS[0]])
        for whole in (y for y, *_ in media.decoded_planes(tmp_path / "napari_x.mp4"))
        for top in range(0, 400 - CANVAS[1] + 1, 2)
        for left in range(0, 640 - CANVAS[0] + 1, 2)
    ]
    assert sum(found) == 1
    assert is_screen(tmp_path / "napari_x.mp4")
    assert not is_screen(Path("clips/napari.mp4"))


def test_drawn_screens_fill_the_canvas() -> None:
    frames = sharp_sequence(SequencePlan("screen-1", "screen", None, 0, 0), 1)
    assert {(frame.width, frame.height) for frame in frames} == {CANVAS}
    assert lumas(frames)[0].std() > 2
