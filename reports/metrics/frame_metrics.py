"""Metrics of frames beside SSIM (`ssim.py`): PSNR, sharpness, and change from frame to frame, all on luma.

Planes are [H, W], uint8 or uint16 with values 0..2^bit_depth − 1, of any strides; they are only read. All sums of
integers are exact. Planes are taken in strips of rows, so that temporaries stay in the cache: about 6 MB for 1080p.
Times: `benchmarks/speed/metrics.py`.
"""

import ctypes
import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .metrics_library import library, planes_job

Plane = NDArray[np.unsignedinteger]

ROWS = 64
"""Height of a strip."""


def psnr(x: Plane, y: Plane, bit_depth: int) -> float:
    """Peak signal-to-noise ratio in dB, at most 6·bit_depth + 12 (60 dB at 8 bits).

    The cap is libvmaf's: without it, pictures that are equal or nearly so would rule a mean.

    Raises:
        ValueError: the planes differ in size, or are empty.
    """
    check_sizes("PSNR", 1, x, y)
    squares = _squares(x, y)
    cap = 6.0 * bit_depth + 12.0
    return min(cap, 10 * math.log10(white(bit_depth) ** 2 * x.size / squares)) if squares else cap


def sharpness(x: Plane, bit_depth: int) -> float:
    """Variance of the Laplacian (up + down + left + right − 4·centre) in squared 8-bit steps, ≥ 0: more is sharper.

    Pech-Pacheco et al., ICPR 2000; over the places whose four neighbours are inside. Noise counts as sharpness, so it
    compares versions of one recording, not recordings.

    Raises:
        ValueError: a side is shorter than 3 px.
    """
    check_sizes("Sharpness", 3, x)
    total, squares = _edges(x)
    places = (x.shape[0] - 2) * (x.shape[1] - 2)
    return (places * squares - total**2) / (places**2 * 4 ** (bit_depth - 8))


def _edges(x: Plane) -> tuple[int, int]:
    """Sums of the Laplacian and of its square."""
    if (metrics := _library_for(x)) is not None:
        sums = (ctypes.c_int64 * 2)()
        with planes_job(x, x) as job:
            metrics.vidsharp_edges(job, sums)
        return sums[0], sums[1]
    # The Laplacian reaches 4 times white: for 8 bits, 16 hold it, and are twice as fast as 32.
    dtype = np.int16 if x.dtype == np.uint8 else np.int32
    total = squares = 0
    for rows in _strips(x, 2):
        plane = x[rows].astype(dtype)
        edges = plane[:-2, 1:-1] + plane[2:, 1:-1]
        edges += plane[1:-1, :-2]
        edges += plane[1:-1, 2:]
        edges -= 4 * plane[1:-1, 1:-1]
        values = edges.astype(np.float64).ravel()
        total += int(values.sum())
        squares += int(np.dot(values, values))
    return total, squares


def change(x: Plane, before: Plane, bit_depth: int) -> float:
    """Mean |x − before| in 8-bit steps, 0..255 and a little: how much a frame differs from the one before.

    Raises:
        ValueError: the planes differ in size, or are empty.
    """
    check_sizes("Change", 1, x, before)
    return _differences(x, before) / (x.size * 2 ** (bit_depth - 8))


def _library_for(*planes: Plane) -> ctypes.CDLL | None:
    """The C library, which does planes of 8 bits; None where NumPy has to."""
    return library() if all(plane.dtype == np.uint8 for plane in planes) else None


def _squares(x: Plane, y: Plane) -> int:
    """Sum of (x − y)²."""
    if (metrics := _library_for(x, y)) is not None:
        with planes_job(x, y) as job:
            return metrics.vidsharp_squares(job)
    total = 0
    for rows in _strips(x, 0):
        difference = _difference(x[rows], y[rows]).astype(np.float64).ravel()
        total += int(np.dot(difference, difference))
    return total


def _differences(x: Plane, y: Plane) -> int:
    """Sum of |x − y|."""
    if (metrics := _library_for(x, y)) is not None:
        with planes_job(x, y) as job:
            return metrics.vidsharp_differences(job)
    # 32 bits hold the sum of a row, and are faster than 64.
    rows = (_difference(x[part], y[part]).sum(axis=1, dtype=np.uint32) for part in _strips(x, 0))
    return sum(int(row.sum(dtype=np.uint64)) for row in rows)


def _difference(x: Plane, y: Plane) -> Plane:
    """|x − y| in the type of the planes, which a plain difference would overflow."""
    return np.maximum(x, y) - np.minimum(x, y)


def _strips(x: Plane, overlap: int) -> Iterator[slice]:
    """The rows of a plane, `ROWS` at a time, and the `overlap` rows after them."""
    return (slice(top, top + ROWS + overlap) for top in range(0, x.shape[0] - overlap, ROWS))


def white(bit_depth: int) -> int:
    """The largest code value."""
    return 2**bit_depth - 1


def check_sizes(what: str, side: int, x: Plane, *others: Plane) -> None:
    """Raises ValueError where planes are smaller than side × side, or of several sizes."""
    for other in others:
        if other.shape != x.shape:
            raise ValueError(f"{what} compares planes of one size, not {_size(x)} with {_size(other)}.")
    if min(x.shape) < side:
        raise ValueError(f"{what} needs at least {side}×{side} px, and the frame has {_size(x)}.")


def _size(x: Plane) -> str:
    height, width = x.shape
    return f"{width}×{height}"
