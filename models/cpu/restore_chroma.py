"""Applies the chroma student to the planes of a frame: codes in, codes out, strip by strip."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ..nets.chroma import ChromaStudent
from ..planes.plane_format import PlaneFormat
from ..planes.subsampling import check_planes, subsampling

Shape = tuple[int, int]
STRIP_SAMPLES = 1 << 18
"""Chroma samples of a plane that are worked on at a time, without their halo."""


@torch.inference_mode()
def restore_chroma(
    planes: Sequence[np.ndarray], fmt: PlaneFormat, net: ChromaStudent, strength: float = 1.0
) -> list[np.ndarray]:
    """Cleans a frame's Cb and Cr.

    Args:
        planes: [Y, Cb, Cr] (an alpha plane may follow), uint8 or, above 8 bits, uint16, each [H, W], rows possibly
            padded. Never modified. Codes above the peak count as the peak.
        fmt: how their numbers are meant.
        strength: S in out = in + S · (restored − in).

    Returns:
        [Cb, Cr], new contiguous arrays of the same dtype and shape, rounded half up and clipped to 0..peak; an empty
        list for a monochrome frame. The size of the strips changes no bit.

    Raises:
        ModelError: planes of another dtype than the bit depth says, or chroma of a shape that fits no subsampling.
    """
    if len(planes) < 3:
        return []
    luma, cb, cr = planes[:3]
    check_planes(planes[:3], fmt)
    factors = subsampling(luma.shape, cb.shape)
    out = [np.empty_like(plane, order="C", subok=False) for plane in (cb, cr)]
    if not cb.size:  # of a field that has no row of chroma
        return out
    grey = 1 << (fmt.bit_depth - 1)
    for top, end, first, last in _strips(cb.shape, net):
        colour = torch.stack([_codes(plane[first:last], fmt.peak) for plane in (cb, cr)])[None]
        lines = _codes(luma[first * factors[0] : last * factors[0]], fmt.peak)[None, None]
        guide = luma_on_chroma_grid(lines, factors)[..., : colour.shape[-2], : colour.shape[-1]] / fmt.peak
        given = (colour - grey) / fmt.peak
        made = net(given, guide)
        if strength != 1:
            made = given + (made - given) * strength
        made = made[0, :, top - first : end - first]
        codes = (made * fmt.peak + (grey + 0.5)).floor_().clamp_(0, fmt.peak)
        for plane, its in zip(out, codes, strict=True):
            plane[top:end] = its.numpy()
    return out


def luma_on_chroma_grid(luma: Tensor, factors: tuple[int, int]) -> Tensor:
    """Means of float [N, 1, H, W] over the samples, `factors` of them down and across, that belong to each of chroma.

    Where chroma is sited is not asked: the student has learned from 4:2:0 whose chroma lies on the left luma column,
    as H.264 has it by default. Elsewhere its guide is off by up to half a luma sample.
    """
    if factors == (1, 1):
        return luma
    return F.avg_pool2d(luma, factors, factors, ceil_mode=True, count_include_pad=False)


def strip_shapes(chroma: Shape, net: ChromaStudent) -> set[Shape]:
    """The shapes, in whole cells, of what planes of chroma are computed in."""
    step = net.align_samples
    width = -(-chroma[1] // step) * step
    return {(-(-(last - first) // step) * step, width) for _, _, first, last in _strips(chroma, net)}


def _strips(shape: tuple[int, ...], net: ChromaStudent) -> Iterator[tuple[int, int, int, int]]:
    """For each strip of a chroma plane: its rows from..to, and those that it is computed from, with the halo."""
    height, width = shape
    step, halo = net.align_samples, net.halo_samples
    rows = max(STRIP_SAMPLES // max(width + -width % step, 1), 2 * halo)
    rows += -rows % step
    for top in range(0, height, rows):
        yield top, min(top + rows, height), max(top - halo, 0), min(top + rows + halo, height)


def _codes(plane: np.ndarray, peak: int) -> Tensor:
    """Float32 of codes, none above the peak."""
    return torch.from_numpy(np.minimum(plane, peak).astype(np.float32))
