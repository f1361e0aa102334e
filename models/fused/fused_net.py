"""A student in one pass over a plane, by the C library: in a third to a half of the time that torch takes.

Torch takes the whole picture through one layer and step after the other, and its threads wait for each other after each
of them. The library takes row after row through all layers while they are in cache, and each thread has a part of the
picture to itself.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from ..nets.blend_weights import FACTOR, PHASES, Convolution
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
from .blend_packing import Packed


class Plane(NamedTuple):
    """A plane, where the result goes, and what is seen beside it."""

    out: np.ndarray
    """[H, W] of the codes' dtype, or float32: parts are written here."""
    codes: np.ndarray
    """uint8 or uint16 [H, W], rows possibly padded. Codes above the peak count as the peak."""
    guide: np.ndarray | None = None
    """uint16 [H, W], C-contiguous: luma on this plane's grid, where the student sees it."""


class FusedNet:
    """A student's weights, packed for the library.

    A pixel's sums take their terms in one order, wherever it lies: a window that starts at a multiple of 4 and has the
    student's halo around it gives the frame's own bits, whatever its shape.
    """

    def __init__(self, student: Packed, instructions: str | None = None) -> None:
        """Args:
        instructions: one of the `instruction_sets`; None: the fastest.
        """
        self._instructions = instructions or fastest_set() or GENERIC
        self._halo = student.halo
        self._arrays = student.arrays  # the library is given their addresses: they must live
        addresses = {name: array.ctypes.data for name, array in self._arrays.items()}
        self._settings = {**student.settings, **addresses}
        channels, planes = self._arrays["enter_bias"].size, self._arrays["spectrum_bias"].size // PHASES
        bands, offers = student.settings["bands"], self._arrays["head_bias"].size // PHASES
        reaches = [sum(student.dilations[layer:]) for layer in range(len(student.dilations) + 1)]
        self._stages = [
            (planes * (PHASES * PHASES + 2 * PHASES * channels), reaches[0]),
            *((9 * channels * channels, reach) for reach in reaches[1:]),
            (PHASES * (81 * bands + channels * offers), 0),
        ]
        """Products for each cell of what a picture goes through, and how many cells beyond a box it is made."""

    def make(self, planes: Sequence[Plane], boxes: Sequence[Box], threads: int = 1) -> None:
        """Makes parts of planes. Of what a part depends on beyond itself, each layer makes only what the next sees.

        Args:
            planes: all of one size.
            boxes: the parts, in cells of 4×4 samples, of each plane; none overlap.
            threads: that may work on them, each on a part.
        """
        planes = [plane._replace(codes=in_rows(plane.codes)) for plane in planes]
        most = threads if len(boxes) * len(planes) < 2 * threads else 1
        parts = [(plane, part) for plane in planes for box in boxes for part in self._parts(box, most)]
        parts.sort(key=lambda each: _area(each[1]))  # the largest are taken first
        others = [_pool().submit(self._run, parts) for _ in range(min(threads, len(parts)) - 1)]
        self._run(parts)
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

    def _run(self, parts: list[tuple[Plane, Box]]) -> None:
        """Makes parts for as long as there are any; several threads may share a list."""
        while True:
            try:
                plane, box = parts.pop()
            except IndexError:
                return
            run(self._job(plane, box), self._instructions)

    def _job(self, plane: Plane, box: Box) -> Job:
        """The library reads rows in full: so it is shown no columns that do not matter."""
        out, codes, guide = plane
        first = max(box.left - self._halo, 0)
        seen = codes[:, FACTOR * first : FACTOR * (box.right + self._halo)]
        return Job(
            codes=seen.ctypes.data,
            out=out.ctypes.data + FACTOR * first * out.itemsize,
            guide=None if guide is None else guide.ctypes.data + FACTOR * first * guide.itemsize,
            codes_stride=codes.strides[0],
            out_stride=out.strides[0],
            guide_stride=0 if guide is None else guide.strides[0],
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


def fits(filters: np.ndarray, enter: Convolution, layers: Sequence[Convolution], dilations: Sequence[int]) -> bool:
    """Whether the library is there, with this processor's vectors, and has room for a student of this size."""
    near = all(1 <= far <= MOST_DILATION for far in dilations)
    narrow = 1 <= enter[1].size <= MOST_CHANNELS and len(filters) <= MOST_BANDS
    return fastest_set() is not None and near and narrow and 1 <= len(layers) <= MOST_LAYERS


def whole(shape: tuple[int, ...]) -> Box:
    """A plane [H, W] in cells."""
    return Box(0, 0, -(-shape[0] // FACTOR), -(-shape[1] // FACTOR))


def in_rows(codes: np.ndarray) -> np.ndarray:
    """Codes of which those of a row lie side by side."""
    return codes if codes.strides[1] == codes.itemsize else np.ascontiguousarray(codes)


def _area(box: Box) -> int:
    return (box.bottom - box.top) * (box.right - box.left)


@cache
def _pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="student")
