"""Which folders can be trained on, and what is said of those that cannot."""

import json
from pathlib import Path

import pytest
from skimage import data, io
from vidsharp.training.data.crop_cache import CropCache
from vidsharp.training.data.image_pairs import ImagePairs
from vidsharp.training.data.open_pairs import open_pairs
from vidsharp.training.data.pair_set import PairSet
from vidsharp.training.data.window_cache import WindowCache
from vidsharp.training.errors import DataError, SimulationError

from tests.support import crops
from tests.training.data.test_image_pairs import add_pair


def opened(folder: Path, said: list[str] | None = None, variants: int = 1) -> tuple[PairSet, PairSet]:
    say = [].append if said is None else said.append
    return open_pairs(folder, folder.parent / "cache", variants=variants, seed=0, processes=1, say=say)


def apart(pairs: tuple[PairSet, PairSet]) -> bool:
    """Both sides have something, and no source is on both."""
    first, second = (set(side.sources) for side in pairs)
    return bool(first and second and not first & second)


@pytest.mark.parametrize("sequences", [("train/a", "train/b"), ("a", "b"), (".",)], ids=["gopro", "sequences", "flat"])
def test_pictures_that_pair_up(tmp_path: Path, sequences: tuple[str, ...]) -> None:
    for sequence in sequences:
        for name in ("x_1.png", "x_2.png", "y_1.png"):
            add_pair(tmp_path / "data" / sequence, name)
    pairs = opened(tmp_path / "data")
    assert all(isinstance(side, ImagePairs) for side in pairs)
    assert apart(pairs)
    assert not (tmp_path / "cache").exists()


def test_a_cache_is_opened_as_it_is(tmp_path: Path) -> None:
    said: list[str] = []
    pairs = opened(crops.write_cache(tmp_path / "data"), said)
    assert all(isinstance(side, CropCache) for side in pairs)
    assert apart(pairs)
    assert [len(side.levels) for side in pairs] == [6, 3]
    assert said == []


def photos(folder: Path, *names: str) -> Path:
    (folder / "photos").mkdir(parents=True)
    for name in names:
        io.imsave(folder / "photos" / f"{name}.jpg", data.astronaut()[:300, :300])
    return folder


def test_photos_are_made_into_pairs_once(tmp_path: Path) -> None:
    folder, said = photos(tmp_path / "data", "a", "b"), []
    first = opened(folder, said)
    assert all(isinstance(side, WindowCache) for side in first)
    assert apart(first)
    assert said[0].startswith(f"making windows of '{folder}'")
    made = (tmp_path / "cache" / "windows.json").stat().st_mtime_ns
    told = len(said)
    again = opened(folder, said)
    assert list(again[0].levels) == list(first[0].levels)
    assert len(said) == told
    assert (tmp_path / "cache" / "windows.json").stat().st_mtime_ns == made
    with pytest.raises(DataError, match=r"were made of other data or with other settings; name another --cache"):
        opened(folder, variants=2)
    note = tmp_path / "cache" / "made_of.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "data": "/elsewhere"}))
    with pytest.raises(DataError, match="name another --cache"):
        opened(folder)


def test_photos_whose_pairs_were_not_finished_are_made_anew(tmp_path: Path) -> None:
    folder = photos(tmp_path / "data", "a", "b")
    opened(folder)
    (tmp_path / "cache" / "made_of.json").unlink()
    (tmp_path / "cache" / "windows.json").unlink()
    assert apart(opened(folder))


def test_what_cannot_be_trained_on(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"There is no folder '.*nowhere' to train on"):
        opened(tmp_path / "nowhere")
    (tmp_path / "file").touch()
    with pytest.raises(DataError, match="There is no folder"):
        opened(tmp_path / "file")
    (tmp_path / "empty").mkdir()
    with pytest.raises(
        DataError, match=r"holds nothing to train on: looked for blur/ and sharp/ .* photos/ and clips/"
    ):
        opened(tmp_path / "empty")
    (tmp_path / "bare" / "photos").mkdir(parents=True)
    with pytest.raises(SimulationError, match="no photos/ and no clips/"):
        opened(tmp_path / "bare")
    with pytest.raises(SimulationError, match="has 1 sources that windows can be cut from; at least 2 are needed"):
        opened(photos(tmp_path / "single", "a"))
    add_pair(tmp_path / "lonely" / "a", "1.png")
    with pytest.raises(DataError, match="holds a single sequence, 'a', and training needs it"):
        opened(tmp_path / "lonely")
    half = crops.write_cache(tmp_path / "half")
    (half / "val.json").unlink()
    with pytest.raises(DataError, match="holds no 'val' pairs"):
        opened(half)
