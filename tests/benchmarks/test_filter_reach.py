"""The reach that undoes a blur, measured on blurs of known length."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from benchmarks.quality.filter_reach import asked_smaller, gain_db


@pytest.fixture(scope="module")
def sharp() -> np.ndarray:
    """Noise of which each pixel is half its left neighbour."""
    rows = np.random.default_rng(0).normal(128, 30, (96, 128))
    for column in range(1, rows.shape[1]):
        rows[:, column] += 0.5 * (rows[:, column - 1] - 128)
    return rows


def test_a_filter_must_reach_as_far_as_the_picture_was_moved(sharp: np.ndarray) -> None:
    moved = np.roll(sharp, 4, axis=1)
    assert gain_db(moved, sharp, 5, block_px=96) < 4
    assert gain_db(moved, sharp, 9, block_px=96) > 20


def test_what_cannot_be_known_brings_nothing(sharp: np.ndarray) -> None:
    noise = np.random.default_rng(1).normal(0, 10, sharp.shape)
    assert -0.5 < gain_db(sharp, sharp + noise, 9, block_px=96) <= 0.05


@pytest.mark.parametrize("by", [1, 2, 3])
def test_a_change_made_at_another_size_comes_back_whole(sharp: np.ndarray, by: int) -> None:
    class Brighter(nn.Module):
        def forward(self, luma: Tensor) -> Tensor:
            assert luma.shape[-2:] == torch.Size(side // by for side in sharp.shape)
            return luma + 9 / 255

    calm = 128 + (sharp - 128) / 4
    assert asked_smaller(Brighter(), calm - 10, calm, by) == pytest.approx(20, abs=0.01)
    assert asked_smaller(nn.Identity(), calm - 10, calm, by) == 0
