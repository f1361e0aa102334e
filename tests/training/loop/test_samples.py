"""Pictures to look at: soft, output, sharp, for the first pair of each level."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.models.nets.reference import ReferenceStudent
from vidsharp.training.loop.samples import MOST, save_samples

from tests.support import crops
from tests.support.crops import Unequal
from tests.support.students import random_student

CPU = torch.device("cpu")


def read(path: Path) -> np.ndarray:
    with Image.open(path) as picture:
        return np.asarray(picture)


def test_luma_is_shown_grey_in_its_own_codes(tmp_path: Path) -> None:
    _, pairs = crops.open_both(crops.write_cache(tmp_path))
    save_samples(tmp_path / "deep" / "s.png", random_student(), pairs, "luma", CPU)
    picture = read(tmp_path / "deep" / "s.png")
    assert picture.shape == (2 * 260, 3 * 256, 3)
    for row, index in enumerate((0, 1)):
        soft, out, sharp = np.split(picture[260 * row :][:256], 3, axis=1)
        assert np.array_equal(soft, np.repeat(pairs.soft[index, :256, :, None], 3, axis=2))
        assert np.array_equal(sharp, np.repeat(pairs.sharp[index, :256, :, None], 3, axis=2))
        assert not np.array_equal(out, soft)


def test_rgb_students_are_shown_in_colour(tmp_path: Path) -> None:
    _, pairs = crops.open_both(crops.write_cache(tmp_path))
    save_samples(tmp_path / "s.png", ReferenceStudent(), pairs, "rgb", CPU)
    assert np.ptp(read(tmp_path / "s.png")[:256, :256].astype(int), axis=2).max() > 20


@pytest.mark.parametrize("count", [1, 3, 9])
def test_at_most_six_rows_of_any_widths(tmp_path: Path, count: int) -> None:
    pairs = Unequal(*[(20 + i, 40 - i) for i in range(count)])
    pairs.levels = [f"level {i}" for i in range(count)]
    save_samples(tmp_path / "s.png", BlendStudent(), pairs, "luma", CPU)
    rows = min(count, MOST)
    assert read(tmp_path / "s.png").shape[:2] == (sum(24 + i for i in range(rows)), 3 * 40)
