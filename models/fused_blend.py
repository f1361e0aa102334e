"""A blend student in one pass over the picture, by the C library: in a third to a half of the time that torch takes.

Torch takes the whole picture through one layer and step after the other, and its threads wait for each other after each
of them. The library takes row after row through all layers while they are in cache, and each thread has a part of the
picture to itself.
"""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from .blend_library import Job, run, vector_bits
from .blend_weights import FACTOR, BlendWeights, packed

_MOST_LAYERS, _FARTHEST = 31, 16
"""What the library has room for: layers, and cells from one tap to the next."""


class FusedBlend:
    """A student's weights, packed for the library.

    A pixel's sums take their terms in one order, wherever it lies: a window that starts at a multiple of 4 and has the
    student's halo around it gives the frame's own bits, whatever its shape.
    """

    @staticmethod
    def takes(student: BlendWeights) -> bool:
        """Whether the library is there, and has room for a student of this size."""
        return vector_bits() > 0 and max(student.dilations) <= _FARTHEST and len(student.layers) <= _MOST_LAYERS

    def __init__(self, student: BlendWeights, peak: int, strength: float, bits: int | None = None) -> None:
        """Packs the weights.

        Args:
            peak: the largest code value.
            strength: S in codes + S · peak · change.
            bits: width of the vectors, 256 or 512; None: the widest that this processor has.
        """
        self._bits = bits or vector_bits()
        self._halo = student.halo_px // FACTOR
        self._arrays = packed(student, peak, strength)  # the library is given their addresses: they must live
        self._settings: dict[str, Any] = {name: array.ctypes.data for name, array in self._arrays.items()}
        channels = self._arrays["enter_bias"].size
        self._settings |= {
            "bands": len(student.filters),
            "channels": channels,
            "depth": len(student.layers),
            "peak": peak,
        }

    def sharpen(self, codes: np.ndarray, threads: int = 1, *, rounded: bool = True) -> np.ndarray:
        """Sharpens a plane.

        Args:
            codes: uint8 or uint16 [H, W], 0..peak, rows possibly padded.
            threads: that may work on it, each on a part.
            rounded: or float32 as it comes, for those who compare bits.

        Returns:
            [H, W] of the codes' dtype, rounded half up and clipped to 0..peak; or float32, not clipped.
        """
        if codes.strides[1] != codes.itemsize:
            codes = np.ascontiguousarray(codes)
        out = np.empty(codes.shape, codes.dtype if rounded else np.float32)
        rows = -(-codes.shape[0] // FACTOR)
        parts = max(1, min(threads, rows // (2 * self._halo)))  # each computes its halo, too
        edges = [rows * part // parts for part in range(parts + 1)]
        jobs = [self._job(codes, out, first, end) for first, end in pairwise(edges)]
        others = [_pool().submit(run, job, self._bits) for job in jobs[1:]]
        run(jobs[0], self._bits)
        for other in others:
            other.result()
        return out

    def _job(self, codes: np.ndarray, out: np.ndarray, first: int, end: int) -> Job:
        return Job(
            codes=codes.ctypes.data,
            out=out.ctypes.data,
            codes_stride=codes.strides[0],
            out_stride=out.strides[0],
            height=codes.shape[0],
            width=codes.shape[1],
            first=first,
            end=end,
            code_bytes=codes.itemsize,
            out_bytes=out.itemsize,
            **self._settings,
        )


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="student")
