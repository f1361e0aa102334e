"""Patches of chroma: soft, sharp and luma show one place, some are to stay, and a seed brings them back."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from vidsharp.training.data.batches import level_odds
from vidsharp.training.data.chroma_patches import Patches, batch_of
from vidsharp.training.data.window_cache import open_window_cache
from vidsharp.training.train_chroma import MIX

from tests.support.chroma_windows import write_smeared


def test_patches_show_one_place_and_some_are_to_stay(tmp_path: Path) -> None:
    windows = open_window_cache(write_smeared(tmp_path), "train")
    odds = level_odds(windows.levels, MIX)
    soft, sharp, luma = batch_of(windows, Patches(1, 8, 32), odds, 5)
    assert (soft.shape, sharp.shape, luma.shape) == ((8, 2, 32, 32), (8, 2, 32, 32), (8, 1, 32, 32))
    assert float((soft - sharp).abs().mean()) < 0.05, "they are turned alike"
    for share, same in ((1.0, 8), (0.0, 0)):
        soft, sharp, _ = batch_of(windows, Patches(1, 8, 32, share), medium_only(odds, windows.levels), 5)
        assert sum(torch.equal(a, b) for a, b in zip(soft, sharp, strict=True)) == same
    again = batch_of(windows, Patches(1, 8, 32), odds, 5)
    other = batch_of(windows, Patches(2, 8, 32), odds, 5)
    assert torch.equal(again[2], luma)
    assert not torch.equal(other[2], luma)


def medium_only(odds: np.ndarray, levels: Sequence[str]) -> np.ndarray:
    kept = odds * (np.asarray(levels) == "medium")
    return kept / kept.sum()
