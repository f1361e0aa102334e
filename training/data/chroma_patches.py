"""Patches of chroma with the luma that guides it, drawn from a cache of windows: the same ones for the same seed."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ...models.cpu.restore_chroma import luma_on_chroma_grid
from .pair_set import Window
from .window_cache import CROP, RADIUS, WindowCache

GREY = 128 / 255


@dataclass(frozen=True)
class Patches:
    """Rules by which a step's patches are drawn."""

    seed: int = 1
    batch: int = 16
    side: int = 64
    """In chroma samples."""
    untouched: float = 0.15
    """Share of patches that are sharp on both sides, and are to stay as they are."""


def batch_of(cache: WindowCache, patches: Patches, odds: np.ndarray, step: int) -> tuple[Tensor, Tensor, Tensor]:
    """The patches of a step: soft and sharp chroma, [N, 2, side, side], and soft luma, [N, 1, side, side].

    Args:
        odds: how probable each window is, as `level_odds` gives them.
    """
    picks = np.random.default_rng([patches.seed, step]).choice(len(odds), patches.batch, p=odds)
    rows = [_row(cache, int(i), patches, np.random.default_rng([patches.seed, step, k])) for k, i in enumerate(picks)]
    soft, sharp, luma = zip(*rows, strict=True)
    return torch.stack(soft), torch.stack(sharp), torch.stack(luma)


def _row(cache: WindowCache, index: int, patches: Patches, rng: np.random.Generator) -> tuple[Tensor, ...]:
    pictures = [of[RADIUS] for of in cache.planes(index)]
    if rng.random() < patches.untouched:
        pictures[0] = pictures[1]
    side = patches.side
    top, left = (int(rng.integers(0, CROP // 2 - side + 1)) for _ in range(2))
    window = Window(top, left, side, side, *(bool(rng.integers(2)) for _ in range(3)))
    (soft, luma), (sharp, _) = (_cut(picture, window) for picture in pictures)
    return soft, sharp, luma


def _cut(i420: np.ndarray, window: Window) -> tuple[Tensor, Tensor]:
    """Chroma [2, side, side], less grey, and luma [1, side, side] on its grid, of a window in chroma samples."""
    down, across = (slice(at, at + window.height) for at in (window.top, window.left))
    twice = (slice(2 * part.start, 2 * part.stop) for part in (down, across))
    chroma = i420[CROP:].reshape(2, CROP // 2, CROP // 2)[:, down, across].astype(np.float32) / 255 - GREY
    luma = torch.from_numpy(i420[:CROP][tuple(twice)].astype(np.float32) / 255)
    return window.turn(torch.from_numpy(chroma)), window.turn(luma_on_chroma_grid(luma[None, None], (2, 2))[0])
