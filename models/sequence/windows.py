"""From the parts of a frame that are to be computed to the windows of input that they are computed from.

Windows come in few sizes, since each new shape costs the network's library some milliseconds and a try
(`same_bits.py`).
"""

from bisect import bisect_left
from dataclasses import dataclass
from itertools import product
from math import prod

from .cover import Box

RGB_GRID = 16
"""Sides of RGB windows are multiples of this where they can be: the transposed convolution then sums in one order for
nearly all of them; with sides of 4 more, many have another one."""
_STEPS = (*range(1, 8), *range(8, 32, 2), *range(32, 64, 4), *range(64, 257, 16))
"""Sizes of windows without their halo, in units."""


@dataclass(frozen=True)
class Window:
    """A part of a frame to compute; places are rows and columns of luma, and may reach beyond the frame's end."""

    made: tuple[slice, slice]
    """What is wanted of the result."""
    given: tuple[slice, slice]
    """What it is computed from."""

    @property
    def shape(self) -> tuple[int, int]:
        down, across = self.given
        return down.stop - down.start, across.stop - across.start


class Windows:
    """The windows of one frame size."""

    def __init__(self, size: tuple[int, int], unit: int, halo: int, align: int) -> None:
        """Lists the sizes.

        Args:
            size: height and width of the frame in pixels.
            unit: edge of a grid cell in pixels, a multiple of `align`.
            halo: what a result depends on beyond itself, in pixels, a multiple of `align`.
            align: windows start at multiples of this.
        """
        self._unit, self._halo = unit, halo
        self._whole = tuple(side + -side % align for side in size)
        self._sides = [[*(s for n in _STEPS if (s := n * unit + 2 * halo) < side), side] for side in self._whole]
        self._fitting = [self._fitting_sides(axis) for axis in (0, 1)]

    def pixels(self, box: Box) -> int:
        """How many pixels of input a box takes, halo and all."""
        return self._fitting[0][box.top][box.bottom] * self._fitting[1][box.left][box.right]

    def of(self, box: Box) -> list[Window]:
        """The window for a box, then larger ones that would do as well: higher, wider, both; nine at most."""
        smallest = self._fitting[0][box.top][box.bottom], self._fitting[1][box.left][box.right]
        options = [[s for s in sides if s >= first][:3] for sides, first in zip(self._sides, smallest, strict=True)]
        return [self._placed(box, (height, width)) for height, width in sorted(product(*options), key=prod)]

    def _placed(self, box: Box, shape: tuple[int, int]) -> Window:
        """Moved inwards where it would stand out of the frame: an edge of the frame is an edge of the window, then."""
        top, left = (
            max(0, min(first * self._unit - self._halo, whole - side))
            for first, whole, side in zip((box.top, box.left), self._whole, shape, strict=True)
        )
        made = (
            slice(box.top * self._unit, box.bottom * self._unit),
            slice(box.left * self._unit, box.right * self._unit),
        )
        return Window(made, (slice(top, top + shape[0]), slice(left, left + shape[1])))

    def _fitting_sides(self, axis: int) -> list[list[int]]:
        """For each first and each end of a range of units: the smallest side of a window that holds it."""
        count = -(-self._whole[axis] // self._unit)
        return [[self._fit(axis, first, end) for end in range(count + 1)] for first in range(count)]

    def _fit(self, axis: int, first: int, end: int) -> int:
        """From a halo before the range to a halo after it, within the frame."""
        last = min(end * self._unit + self._halo, self._whole[axis])
        needed = last - max(first * self._unit - self._halo, 0)
        return self._sides[axis][bisect_left(self._sides[axis], needed)]
