"""The pair cache: sources stay on one side, and soft and sharp show the same place."""

from pathlib import Path

import numpy as np
import pytest
from skimage import data, io
from vidsharp.training.data import open_cache
from vidsharp.training.pairs import build, is_validation, source_of
from vidsharp.training.simulate import SimulationError

from tests.training.test_simulate_clip import write_clip


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
    train, val = (open_cache(tmp_path / "cache", split) for split in ("train", "val"))
    assert set(train.sources) == {names[False]}
    assert set(val.sources) == {names[True]}
    assert {"light", "medium", "heavy", "compressed", "sharp"} == set(train.levels)
    for soft, sharp in zip(train.soft, train.sharp, strict=True):
        assert np.corrcoef(soft.ravel(), sharp.ravel())[0, 1] > 0.7


def test_refuses_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="no photos/ and no clips/"):
        build(tmp_path, tmp_path / "cache", 1, 0, 1)
