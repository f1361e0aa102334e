"""The pair cache: sources stay on one side, and soft and sharp show the same place."""

from pathlib import Path

import numpy as np
import pytest
from skimage import data, io
from vidsharp.training.crop_cache import open_crop_cache
from vidsharp.training.errors import SimulationError
from vidsharp.training.pairs import build, is_validation, source_of

from tests.training.simulate.test_clip import write_clip


def test_all_takes_of_a_person_are_one_source() -> None:
    assert source_of(Path("asl_A_yes.mkv")) == source_of(Path("asl_A_no.mkv")) == "asl_A"
    assert source_of(Path("whitehouse_1.mp4")) == source_of(Path("whitehouse_5.mp4")) == "whitehouse"
    assert source_of(Path("kodim01.jpg")) == "kodim01"
    assert is_validation("asl_C", photo=False)
    assert not is_validation("asl_A", photo=False)


def test_builds_pairs_that_match(tmp_path: Path) -> None:
    names = {side: next(n for i in range(99) if is_validation(n := f"p{i}", True) == side) for side in (True, False)}
    (tmp_path / "photos").mkdir()
    (tmp_path / "clips").mkdir()
    for name in names.values():
        io.imsave(tmp_path / "photos" / f"{name}.jpg", data.astronaut())
    write_clip(tmp_path / "clips" / "mine.mkv", sound=False)  # shorter than a training clip: gives none
    build(tmp_path, tmp_path / "cache", variants=1, seed=0, processes=1)
    train, val = (open_crop_cache(tmp_path / "cache", split) for split in ("train", "val"))
    assert set(train.sources) == {names[False]}
    assert set(val.sources) == {names[True]}
    assert {"light", "medium", "heavy", "compressed", "switching", "sharp", "motion"} == set(train.levels)
    for soft, sharp in zip(train.soft, train.sharp, strict=True):
        assert np.corrcoef(soft.ravel(), sharp.ravel())[0, 1] > 0.7


def test_refuses_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="no photos/ and no clips/"):
        build(tmp_path, tmp_path / "cache", 1, 0, 1)


@pytest.mark.parametrize("side", [True, False])
def test_where_chance_puts_all_sources_on_one_side_one_changes_it(tmp_path: Path, side: bool) -> None:
    names = [name for name in (f"p{i}" for i in range(99)) if is_validation(name, True) == side][:2]
    (tmp_path / "photos").mkdir()
    for name in names:
        io.imsave(tmp_path / "photos" / f"{name}.jpg", data.astronaut()[:300, :300])
    said: list[str] = []
    build(tmp_path, tmp_path / "cache", variants=1, seed=0, processes=1, say=said.append)
    train, val = (set(open_crop_cache(tmp_path / "cache", split).sources) for split in ("train", "val"))
    assert (len(train), len(val), train | val) == (1, 1, set(names))
    assert [line.split(":")[0] for line in said] == ["train", "val"]


def test_a_single_source_cannot_be_split(tmp_path: Path) -> None:
    (tmp_path / "photos").mkdir()
    io.imsave(tmp_path / "photos" / "only.jpg", data.astronaut()[:300, :300])
    with pytest.raises(SimulationError, match="has 1 sources that training pairs can be cut from; at least 2"):
        build(tmp_path, tmp_path / "cache", 1, 0, 1)
