"""What a student gains over doing nothing, on the crops of validation sources."""

from typing import Literal, NamedTuple

import torch
from torch import nn

from ..models.enhance import forward
from .data import PairCache, patch
from .losses import psnr, ssim


class Gains(NamedTuple):
    """Means over crops of (student − input), both against the sharp original; luma, or the mean of R, G and B."""

    psnr_db: float
    ssim: float
    crops: int


@torch.no_grad()
def gains_over_identity(
    model: nn.Module, cache: PairCache, domain: Literal["luma", "rgb"], most: int
) -> dict[str, Gains]:
    """Gains per level, and over `all`, on the first `most` crops of a cache (its order is random and fixed)."""
    rows: dict[str, list[tuple[float, float]]] = {"all": []}
    side = cache.soft.shape[2]
    for number in range(min(most, len(cache.levels))):
        soft, sharp = (patch(kind[number], domain, 0, 0, side)[None] for kind in (cache.soft, cache.sharp))
        out = forward(model, soft).clamp(0, 1)
        row = (float(psnr(out, sharp) - psnr(soft, sharp)), float(ssim(out, sharp) - ssim(soft, sharp)))
        rows.setdefault(cache.levels[number], []).append(row)
        rows["all"].append(row)
    return {
        level: Gains(sum(r[0] for r in of) / len(of), sum(r[1] for r in of) / len(of), len(of))
        for level, of in sorted(rows.items())
    }
