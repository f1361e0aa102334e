"""Linear filters to train through: products with matrices, since convolutions of one channel are many times slower."""

from functools import cache

import torch
from torch import Tensor


def filtered(x: Tensor, taps: tuple[float, ...], *, spread: int = 1, whole: bool = False) -> Tensor:
    """A picture through one symmetric filter along rows and along columns.

    Args:
        x: float [..., H, W].
        taps: an odd number of them.
        spread: pixels from one tap to the next.
        whole: only where the filter lies wholly inside, which makes the picture smaller; else edges are mirrored.
    """
    down, across = (_sliding(length, taps, spread, whole).to(x) for length in x.shape[-2:])
    return down.T @ (x @ across)


@cache
def _sliding(length: int, taps: tuple[float, ...], spread: int, whole: bool) -> Tensor:
    """float64 [length, places]: multiplying a line by it slides the filter along."""
    reach = len(taps) // 2 * spread
    places = range(reach, length - reach) if whole else range(length)
    matrix = torch.zeros(length, len(places), dtype=torch.float64)
    for column, place in enumerate(places):
        for number, tap in enumerate(taps):
            at = abs(place - reach + number * spread)
            matrix[length - 1 - abs(length - 1 - at), column] += tap
    return matrix
