"""What a student gains over doing nothing, on the pairs of validation sources."""

from typing import NamedTuple

import torch
from torch import nn

from ..models.forward import forward
from .losses import psnr, ssim
from .pair_set import Domain, PairSet, Window

LARGEST_PX = 512
"""Larger pictures are measured in the middle: validation is to be quick, evaluation to be thorough."""


class Gains(NamedTuple):
    """Means over pairs of (student − input), both against the sharp original; luma, or the mean of R, G and B."""

    psnr_db: float
    ssim: float
    crops: int


@torch.no_grad()
def gains_over_identity(
    model: nn.Module, pairs: PairSet, domain: Domain, most: int, device: torch.device | str = "cpu"
) -> dict[str, Gains]:
    """Gains per level, and over `all`, on the first `most` pairs (the order of a set is random and fixed)."""
    rows: dict[str, list[tuple[float, float]]] = {"all": []}
    for index in range(min(most, len(pairs.levels))):
        soft, sharp = (x[None].to(device) for x in pairs.patch(index, domain, whole_window(pairs, index)))
        out = forward(model, soft).float().clamp(0, 1)
        row = (float(psnr(out, sharp) - psnr(soft, sharp)), float(ssim(out, sharp) - ssim(soft, sharp)))
        rows.setdefault(pairs.levels[index], []).append(row)
        rows["all"].append(row)
    return {
        level: Gains(sum(r[0] for r in of) / len(of), sum(r[1] for r in of) / len(of), len(of))
        for level, of in sorted(rows.items())
    }


def whole_window(pairs: PairSet, index: int) -> Window:
    """All of a pair, or the middle of a large one."""
    height, width = pairs.size(index)
    top, left = max(height - LARGEST_PX, 0) // 2, max(width - LARGEST_PX, 0) // 2
    return Window(top, left, min(height, LARGEST_PX), min(width, LARGEST_PX))
