"""Random patches from the cache that `pairs` built, at any offset and flip; the same ones for the same step."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ..models.colour import yuv_to_rgb
from ..models.errors import VidsharpError


class DataError(VidsharpError, ValueError):
    """Training data that is missing or does not pair up."""


@dataclass(frozen=True)
class PairCache:
    """Crops as `pairs` describes them, memory-mapped: uint8 [N, 384, 256] each."""

    soft: np.ndarray
    sharp: np.ndarray
    levels: list[str]
    sources: list[str]


def open_cache(folder: Path, split: Literal["train", "val"]) -> PairCache:
    """Opens one split of a cache.

    Raises:
        DataError: no cache there, or its files do not pair up.
    """
    try:
        index = json.loads((folder / f"{split}.json").read_text())
        soft, sharp = (np.load(folder / f"{split}_{kind}.npy", mmap_mode="r") for kind in ("soft", "sharp"))
    except (OSError, ValueError) as error:
        raise DataError(f"'{folder}' holds no '{split}' pairs; make them with vidsharp.training.pairs.") from error
    if not len(index) == len(soft) == len(sharp) > 0:
        raise DataError(f"'{folder}' has {len(soft)} soft and {len(sharp)} sharp '{split}' crops; they must pair up.")
    return PairCache(soft, sharp, [row["level"] for row in index], [row["source"] for row in index])


def batch(
    cache: PairCache, domain: Literal["luma", "rgb"], size: int, count: int, seed: int, step: int
) -> tuple[Tensor, Tensor]:
    """The patches of one step.

    Args:
        size: side of a patch in pixels.
        count: patches.

    Returns:
        (soft, sharp): float32 [count, 1 or 3, size, size] in 0..1 (of the code range, or RGB by BT.601).
    """
    dice = np.random.default_rng([seed, step])
    picks = dice.integers(0, len(cache.levels), count)
    pairs = []
    for pick in picks:
        side = cache.soft.shape[2]
        top, left = dice.integers(0, side - size + 1, 2)
        turn = (bool(dice.integers(2)), bool(dice.integers(2)), bool(dice.integers(2)))
        pairs.append([patch(kind[pick], domain, int(top), int(left), size, turn) for kind in (cache.soft, cache.sharp)])
    return torch.stack([p[0] for p in pairs]), torch.stack([p[1] for p in pairs])


def patch(
    i420: np.ndarray,
    domain: Literal["luma", "rgb"],
    top: int,
    left: int,
    size: int,
    turn: tuple[bool, bool, bool] = (False, False, False),
) -> Tensor:
    """One window of an I420 crop: float32 [1 or 3, size, size] in 0..1, flipped left-right, up-down, transposed."""
    side = i420.shape[1]
    if domain == "luma":
        x = torch.from_numpy(i420[:side][top : top + size, left : left + size].astype(np.float32) / 255)[None]
    else:
        y0, x0, span = top // 2, left // 2, size // 2 + 1
        y1, x1 = min(y0 + span, side // 2), min(x0 + span, side // 2)
        chroma = i420[side:].reshape(2, side // 2, side // 2)[:, y0:y1, x0:x1].astype(np.float32)
        luma = i420[:side][2 * y0 : 2 * y1, 2 * x0 : 2 * x1].astype(np.float32)
        y, u, v = (torch.from_numpy(p) for p in (luma, chroma[0], chroma[1]))
        rgb = yuv_to_rgb(y, u, v, matrix="bt601", full_range=False, bit_depth=8, chroma_left=True)[0].clamp_(0, 1)
        x = rgb[:, top - 2 * y0 :, left - 2 * x0 :][:, :size, :size]
    if turn[0]:
        x = x.flip(-1)
    if turn[1]:
        x = x.flip(-2)
    return x.mT if turn[2] else x
