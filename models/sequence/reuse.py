"""Exact reuse: what did not change since the frame before is copied from the frame before, the rest is computed.

Much of a recorded call stands still to the last bit: slides, name tiles, backgrounds, all blocks that the encoder
skipped. A pixel of the output whose input did not change within the student's halo, in any picture of its window, has
not changed, either. So each result here equals, bit for bit, what the student makes of the whole frame; only the time
differs. Where parts of frames do not get the whole frame's bits, as on a GPU, frames are copied whole or not at all.

Chroma that is restored depends on luma and chroma within a halo of its own, so it is reused by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from ..enhance import Enhancer, PendingFrame
from ..planes.plane_format import PlaneFormat
from .changes import CELL_PX, Grid, coarser, grown
from .cover import Box
from .neighbours import Kept, Window
from .parts import UNIT_PX, Parts, times

Planes = Sequence[np.ndarray]

_PATIENCE = 8
"""After so many pictures in a row with nothing to copy, only one in so many is compared with the one before."""


@dataclass
class _History:
    """The last picture: what went in, and what came out."""

    fmt: PlaneFormat
    planes: int
    """How many it has."""
    given: Window
    """What the student saw: copies of a single picture's planes; of an earlier picture's while `rests`."""
    later: PendingFrame
    vain: int = 0
    """How many pictures in a row had nothing to copy."""

    @property
    def rests(self) -> bool:
        """Whether the next picture is not compared: looking and keeping a copy for it take a millisecond or two."""
        return self.vain >= _PATIENCE and self.vain % _PATIENCE > 0

    def fits(self, planes: Planes, fmt: PlaneFormat) -> bool:
        """Whether a picture is of the same sizes and meaning."""
        pairs = zip(self.given[0].planes, planes, strict=False)
        alike = (a.shape == b.shape and a.dtype == b.dtype for a, b in pairs)
        return self.fmt == fmt and self.planes == len(planes) and all(alike)


class Sharpener(Protocol):
    """What pictures are reused of: all of this is as in `Enhancer`."""

    @property
    def strength(self) -> float: ...
    @property
    def align_px(self) -> int: ...
    @property
    def tiles_exactly(self) -> bool: ...
    def parts(self) -> Parts: ...
    def seen(self, planes: Planes) -> Planes: ...
    def begin(self, planes: Planes, fmt: PlaneFormat, window: Sequence[Planes] | None = None, /) -> PendingFrame: ...


class Reuse:
    """A student on sequences of pictures, with the chroma student where it works beside the other."""

    def __init__(self, enhancer: Enhancer) -> None:
        # Where a result is used before the next picture comes, the next one may be made in its place.
        in_place = enhancer.ahead(1, 1) == 0 and len(enhancer.offsets) == 1
        self._in_place = in_place
        self._student = _Reused(enhancer.student_alone, in_place)
        self._chroma = enhancer.chroma_path
        self._on_grids: dict[Sharpener, _Reused] = {}

    @property
    def share(self) -> float | None:
        """Share of the student's pixels that were copied, mean over all pictures; None before the first one."""
        return self._student.share

    def planes(
        self, planes: Planes, fmt: PlaneFormat, sequence: int = 0, window: Window | None = None
    ) -> list[np.ndarray | None]:
        """What `Enhancer.planes` gives, to the last bit; arguments, result and errors as of `begin`."""
        return self.begin(planes, fmt, sequence, window)()

    def begin(self, planes: Planes, fmt: PlaneFormat, sequence: int = 0, window: Window | None = None) -> PendingFrame:
        """What `Enhancer.begin` gives, to the last bit.

        Args:
            planes, fmt: as there.
            sequence: which sequence of pictures this one is the next of; the fields of interlaced frames are two.
            window: the pictures that the student sees, at the enhancer's offsets; None: this picture alone.

        Returns:
            As there, but the arrays are only lent: not to be written on, and valid until the sequence's next picture.

        Raises:
            ModelError, DeviceError: as there.
        """
        later = self._student.begin(planes, fmt, sequence, window)
        if self._chroma is None or len(planes) < 3:
            return later
        on_grid = self._chroma.on_grid_of(planes)
        if on_grid not in self._on_grids:
            self._on_grids[on_grid] = _Reused(on_grid, self._in_place)
        restored = self._on_grids[on_grid].begin(planes, fmt, sequence, None)
        return lambda: _with_chroma(later(), restored())


def _with_chroma(made: list[np.ndarray | None], restored: list[np.ndarray | None]) -> list[np.ndarray | None]:
    return [made[0], *restored[1:3], *made[3:]]


class _Reused:
    """Keeps one picture's planes of each sequence, before and after."""

    def __init__(self, enhancer: Sharpener, in_place: bool) -> None:
        self._enhancer, self._in_place = enhancer, in_place
        self._histories: dict[int, _History] = {}
        self._parts = enhancer.parts()
        self._pictures, self._shares = 0, 0.0

    @property
    def share(self) -> float | None:
        """Share of the output's pixels that were copied, mean over all pictures; None before the first one."""
        return self._shares / self._pictures if self._pictures else None

    def begin(self, planes: Planes, fmt: PlaneFormat, sequence: int, window: Window | None) -> PendingFrame:
        """As `Reuse.begin`."""
        if self._enhancer.strength == 0 or not planes:
            return self._enhancer.begin(planes, fmt)
        last = self._histories.pop(sequence, None)  # not kept where an error leaves it half done
        if last is not None and not last.fits(planes, fmt):
            last = None
        now = (Kept(self._enhancer.seen(planes)),) if window is None else window
        parts = None if last is None or last.rests else self._to_compute(last.given, now, fmt)
        self._pictures += 1
        if last is None:
            given = _room_for(now) if window is None else window
            last = _History(fmt, len(planes), given, self._whole(planes, fmt, window))
        elif parts is None:
            last.later, last.vain = self._whole(planes, fmt, window), last.vain + 1
        else:
            last.vain = 0
            luma = now[0].planes[0]
            self._shares += 1 - sum(_pixels(box, luma.shape) for box in parts) / max(luma.size, 1)
            if parts:
                last.later = self._renewed(last.later(), planes, fmt, window, parts)
        if window is not None:
            last.given = window
        elif (parts is None or parts) and not last.rests:
            for copy, plane in zip(last.given[0].planes, now[0].planes, strict=True):
                np.copyto(copy, plane)
        self._histories[sequence] = last
        return last.later

    def _whole(self, planes: Planes, fmt: PlaneFormat, window: Window | None) -> PendingFrame:
        return self._enhancer.begin(planes, fmt, *_seen_in(window))

    def _renewed(
        self,
        made: list[np.ndarray | None],
        planes: Planes,
        fmt: PlaneFormat,
        window: Window | None,
        parts: Sequence[Box],
    ) -> PendingFrame:
        """What was made of the last picture, with these parts computed anew."""
        if not self._in_place:
            made = [None if plane is None else plane.copy() for plane in made]
        self._parts.renew(made, self._enhancer.seen(planes), fmt, parts, *_seen_in(window))
        return lambda: list(made)

    def _to_compute(self, before: Window, now: Window, fmt: PlaneFormat) -> list[Box] | None:
        """Boxes of units for all that changed; None where the frame is cheaper, or where nothing else is exact."""
        luma = now[0].planes[0]
        size, wanted = (luma.shape[0], luma.shape[1]), np.zeros((0, 0), np.bool_)
        pairs = [(old, new) for old, new in zip(before, now, strict=True) if old is not new]
        if not self._enhancer.tiles_exactly or CELL_PX % self._enhancer.align_px:
            return [] if all(new.equals(old) for old, new in pairs) else None
        if not pairs:
            return []
        # Where nearly all moves, every fourth row shows it already: finding all changes would be in vain.
        for every in (4, 1):
            changed = _any_of([new.changed_since(old, every) for old, new in pairs])
            wanted = coarser(grown(changed, -(-self._parts.halo // CELL_PX)), UNIT_PX // CELL_PX)
            if wanted.mean() > self._parts.too_much:
                return None
        return self._parts.choose(wanted, size, fmt)


def _room_for(now: Window) -> Window:
    """Room for copies of what a student sees of a picture."""
    return tuple(Kept([np.empty(plane.shape, plane.dtype) for plane in kept.planes]) for kept in now)


def _seen_in(window: Window | None) -> tuple[Sequence[Planes], ...]:
    """A window as an argument, if there is one."""
    return () if window is None else ([kept.planes for kept in window],)


def _any_of(grids: Sequence[Grid]) -> Grid:
    """The cells that are set in any of some grids."""
    return grids[0] if len(grids) == 1 else np.logical_or.reduce(grids)


def _pixels(box: Box, luma: tuple[int, ...]) -> int:
    """How many pixels of luma a box of units has within the frame."""
    top, left, bottom, right = times(box, UNIT_PX)
    return (min(bottom, luma[0]) - top) * (min(right, luma[1]) - left)
