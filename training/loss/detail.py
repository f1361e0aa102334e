"""Likeness of detail: a loss on bands of a picture, which looks crisp where it is small and cannot be had by noise."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from ...reports.metrics.detail import TAPS
from .filtered import filtered

BINOMIAL = tuple(TAPS.tolist())
NEAR_PX = (9, 9, 17)
"""Sides of the neighbourhoods that bands are compared in, finest band first."""
NOISE = 2 / 255
"""Contrast that counts as nothing: two codes of 8 bits."""
EMPHASIS_PX = 17
"""Side of the neighbourhood that softness is read from."""
RANGE_PX, BEYOND = 5, 0.1
"""Side of the neighbourhood whose range bounds what is emphasised, and how far it may go beyond, as a share of it."""
FAINT = 1e-5
"""Power below which a band is noise."""


def laplacian_bands(x: Tensor, count: int) -> list[Tensor]:
    """A picture minus its blur, that blur minus a wider one, and so on, without going down in size.

    Args:
        x: float [N, C, H, W].
        count: at least 1; the last blur reaches 2^count pixels.

    Returns:
        `count` tensors of the same shape, finest first; what is left over is not among them.
    """
    bands = []
    for level in range(count):
        blurred = filtered(x, BINOMIAL, spread=2**level)
        bands.append(x - blurred)
        x = blurred
    return bands


def detail_mismatch(x: Tensor, y: Tensor) -> Tensor:
    """One minus the likeness of detail: float [N] in 0..2, the mean over three bands of [N, C, H, W] in 0..1.

    The likeness in a neighbourhood is 2·cov / (var + var), what SSIM calls contrast and structure, of a band. A squared
    error is smallest at a cautious share of the contrast that is known; this is largest at the original's own.
    """
    total = x.new_zeros(x.shape[0])
    for side, mine, wanted in zip(NEAR_PX, *(laplacian_bands(of, len(NEAR_PX)) for of in (x, y)), strict=True):
        box = (1 / side,) * side
        cross, powers = filtered(torch.stack([mine * wanted, mine * mine + wanted * wanted]), box, whole=True)
        likeness = (2 * cross + NOISE**2) / (powers + NOISE**2)
        total = total + (1 - likeness).flatten(1).mean(dim=1)
    return total / len(NEAR_PX)


def emphasised(sharp: Tensor, soft: Tensor, emphasis: float) -> Tensor:
    """The original with more contrast in what the soft picture has lost of its finest band.

    A network that is asked for the original gives what is certain of its detail, which is too faint; asked for this, it
    gives the same at more contrast. What is not soft stays as it is. Coarser bands are left alone: contrast there is
    what makes pictures look processed, and VMAF-NEG falls with it. And nothing goes far beyond what the original shows
    near by: edges get steeper, without rims of light along cheeks and glaring letters.

    Args:
        sharp, soft: float [N, 1, H, W] in 0..1.
        emphasis: of detail that is lost altogether; 0 gives the original.

    Returns:
        Float [N, 1, H, W], not clamped.
    """
    if emphasis == 0:
        return sharp
    (wanted,), (there,) = (laplacian_bands(of, 1) for of in (sharp, soft))
    box = (1 / EMPHASIS_PX,) * EMPHASIS_PX
    power, left = filtered(torch.stack([wanted * wanted, there * there]), box) + FAINT
    lost = (1 - (left / power).sqrt()).clamp_min(0)
    around = F.pad(sharp, (RANGE_PX // 2,) * 4, mode="replicate")
    darkest, brightest = (_sliding(around, RANGE_PX, most) for most in (torch.minimum, torch.maximum))
    margin = BEYOND * (brightest - darkest)
    return (sharp + emphasis * lost * wanted).clamp(darkest - margin, brightest + margin)


def _sliding(x: Tensor, side: int, most: Callable[[Tensor, Tensor], Tensor]) -> Tensor:
    """The largest or smallest value of each square of `side` pixels, [..., H − side + 1, W − side + 1].

    Each pass doubles what a value stands for: twenty times as fast as pooling.
    """
    for dim in (-1, -2):
        covered = 1
        while covered < side:
            step = min(covered, side - covered)
            places = x.shape[dim] - step
            x = most(x.narrow(dim, 0, places), x.narrow(dim, step, places))
            covered += step
    return x
