"""A blend student in one pass over the picture, by the C library: in a third to a half of the time that torch takes.

Torch takes the whole picture through one layer and step after the other, and its threads wait for each other after each
of them. The library takes row after row through all layers while they are in cache, and each thread has a part of the
picture to itself.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np

from ..nets.blend_weights import FACTOR, PHASES, BlendWeights
from ..sequence.cover import Box
from .blend_library import (
    GENERIC,
    MOST_BANDS,
    MOST_CHANNELS,
    MOST_DILATION,
    MOST_LAYERS,
    SETS,
    Job,
    fastest_set,
    run,
)
from .blend_packing import packed


class FusedBlend:
    """A student's weights, packed for the library.

    A pixel's sums take their terms in one order, wherever it lies: a window that starts at a multiple of 4 and has the
    student's halo around it gives the frame's own bits, whatever its shape.
    """

    @staticmethod
    def takes(student: BlendWeights) -> bool:
        """Whether the library is there, with this processor's vectors, and has room for a student of this size."""
        near = all(1 <= far <= MOST_DILATION for far in student.dilations)
        narrow = 1 <= student.enter[1].size <= MOST_CHANNELS and len(student.filters) <= MOST_BANDS
        return fastest_set() is not None and near and narrow and 1 <= len(student.layers) <= MOST_LAYERS

    def __init__(self, student: BlendWeights, peak: int, strength: float, instructions: str | None = None) -> None:
        """Packs the weights.

        Args:
            peak: the largest code value.
            strength: S in codes + S · peak · change.
            instructions: one of the `instruction_sets`; None: the fastest.
        """
        self._instructions = instructions or fastest_set() or GENERIC
        self._halo = student.halo_px // FACTOR
        self._arrays = packed(student, peak, strength)  # the library is given their addresses: they must live
        self._settings: dict[str, Any] = {name: array.ctypes.data for name, array in self._arrays.items()}
        channels = self._arrays["enter_bias"].size
        reaches = [sum(student.dilations[layer:]) for layer in range(len(student.dilations) + 1)]
        self._stages = [
            (PHASES * PHASES + 2 * PHASES * channels, reaches[0]),
            *((9 * channels * channels, reach) for reach in reaches[1:]),
            (PHASES * (81 * len(student.filters) + channels * (len(student.filters) + 1)), 0),
        ]
        """Products for each cell of what a picture goes through, and how many cells beyond a box it is made."""
        self._settings |= {
            "bands": len(student.filters),
            "channels": channels,
            "depth": len(student.layers),
            "peak": peak,
            "zero": 2**15 if peak >= 2**15 else 0,
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
        out = np.empty(codes.shape, codes.dtype if rounded else np.float32)
        self.renew(out, codes, [Box(0, 0, *_cells(codes.shape))], threads)
        return out

    def renew(self, out: np.ndarray, codes: np.ndarray, boxes: Sequence[Box], threads: int = 1) -> None:
        """Sharpens parts of a plane. Of what a part depends on beyond itself, each layer makes only what the next sees.

        Args:
            out: [H, W] of the codes' dtype, or float32: here the parts are written, and nothing else.
            codes: as `sharpen` takes them.
            boxes: the parts, in cells of 4×4 pixels; none overlap.
            threads: as `sharpen` takes them.
        """
        if codes.strides[1] != codes.itemsize:
            codes = np.ascontiguousarray(codes)
        most = threads if len(boxes) < 2 * threads else 1
        parts = [part for box in boxes for part in self._parts(box, most)]
        parts.sort(key=_area)  # the largest are taken first
        others = [_pool().submit(self._run, out, codes, parts) for _ in range(min(threads, len(parts)) - 1)]
        self._run(out, codes, parts)
        for other in others:
            other.result()

    def pixels(self, box: Box) -> float:
        """The cost of a box: that of so many pixels of a whole frame."""
        height, width = box.bottom - box.top, box.right - box.left
        lanes = SETS[self._instructions]
        work = (
            macs * (height + 2 * reach) * (-(-(width + 2 * reach) // lanes) * lanes) for macs, reach in self._stages
        )
        return PHASES * sum(work) / sum(macs for macs, _ in self._stages)

    def _parts(self, box: Box, most: int) -> list[Box]:
        """A box in so many parts or fewer: each computes its halo, too."""
        rows = box.bottom - box.top
        count = max(1, min(most, rows // (2 * self._halo)))
        edges = [box.top + rows * part // count for part in range(count + 1)]
        return [box._replace(top=first, bottom=end) for first, end in pairwise(edges)]

    def _run(self, out: np.ndarray, codes: np.ndarray, parts: list[Box]) -> None:
        """Makes parts for as long as there are any; several threads may share a list."""
        while True:
            try:
                box = parts.pop()
            except IndexError:
                return
            run(self._job(out, codes, box), self._instructions)

    def _job(self, out: np.ndarray, codes: np.ndarray, box: Box) -> Job:
        """The library reads rows in full: so it is shown no columns that do not matter."""
        first = max(box.left - self._halo, 0)
        seen = codes[:, FACTOR * first : FACTOR * (box.right + self._halo)]
        return Job(
            codes=seen.ctypes.data,
            out=out.ctypes.data + FACTOR * first * out.itemsize,
            codes_stride=codes.strides[0],
            out_stride=out.strides[0],
            height=seen.shape[0],
            width=seen.shape[1],
            first=box.top,
            end=box.bottom,
            left=box.left - first,
            right=box.right - first,
            code_bytes=codes.itemsize,
            out_bytes=out.itemsize,
            **self._settings,
        )


def _cells(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of cells in a plane."""
    return -(-shape[0] // FACTOR), -(-shape[1] // FACTOR)


def _area(box: Box) -> int:
    return (box.bottom - box.top) * (box.right - box.left)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="student")
