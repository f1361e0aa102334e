"""A student's gains over doing nothing, on the pairs of validation sources."""

import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import nn

from ...models.nets.protocol import HasTwoLooks, forward
from ..data.pair_set import Domain, PairSet, Window
from ..loss.losses import psnr, ssim

LARGEST_PX = 512
"""Larger pictures are measured in the middle: validation is to be quick, evaluation to be thorough."""


class Gains(NamedTuple):
    """Means over pairs of (student − input), both against the sharp original; luma, or the mean of R, G and B."""

    psnr_db: float
    ssim: float
    crops: int


def at_each_look(model: nn.Module) -> dict[str, nn.Module]:
    """The network at the looks that it has: `natural`, and `crisp` where there are two."""
    if model.looks == 1:
        return {"natural": model}
    assert isinstance(model, HasTwoLooks)
    return {"natural": model.with_look(0.0), "crisp": model.with_look(1.0)}


@torch.no_grad()
def gains_over_identity(
    model: nn.Module, pairs: PairSet, domain: Domain, most: int, device: torch.device | str = "cpu"
) -> dict[str, Gains]:
    """Gains per level, and over `all`, on `most` pairs as `spread_out` chooses them."""
    rows: dict[str, list[tuple[float, float]]] = {"all": []}
    for index in spread_out(pairs.levels, pairs.sources, most):
        soft, sharp = (x[None].to(device) for x in pairs.patch(index, domain, whole_window(pairs, index)))
        out = forward(model, soft).float().clamp(0, 1)
        row = (float(psnr(out, sharp) - psnr(soft, sharp)), float(ssim(out, sharp) - ssim(soft, sharp)))
        rows.setdefault(pairs.levels[index], []).append(row)
        rows["all"].append(row)
    return {
        level: Gains(sum(r[0] for r in of) / len(of), sum(r[1] for r in of) / len(of), len(of))
        for level, of in sorted(rows.items())
    }


def spread_out(levels: Sequence[str], sources: Sequence[str], most: int, seed: int = 0) -> list[int]:
    """Rising numbers of at most so many pairs, drawn as evenly as can be from all sources, and then from all levels.

    A set may lie in order of its names, as GOPRO's does: its first pairs show a single scene.
    """
    rng = random.Random(seed)
    strata: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for index, stratum in enumerate(zip(sources, levels, strict=True)):
        strata[stratum].append(index)
    waiting = list(strata)
    for stratum in waiting:
        rng.shuffle(strata[stratum])
    rng.shuffle(waiting)  # breaks ties
    drawn: Counter[tuple[str, str]] = Counter()
    chosen: list[int] = []
    while waiting and len(chosen) < most:
        source, level = rarest = min(waiting, key=lambda of: (drawn["source", of[0]], drawn["level", of[1]]))
        chosen.append(strata[rarest].pop())
        drawn.update([("source", source), ("level", level)])
        if not strata[rarest]:
            waiting.remove(rarest)
    return sorted(chosen)


def whole_window(pairs: PairSet, index: int) -> Window:
    """All of a pair, or the middle of a large one."""
    height, width = pairs.size(index)
    top, left = max(height - LARGEST_PX, 0) // 2, max(width - LARGEST_PX, 0) // 2
    return Window(top, left, min(height, LARGEST_PX), min(width, LARGEST_PX))
