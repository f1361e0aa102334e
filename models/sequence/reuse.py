"""Exact reuse: what did not change since the frame before is copied from the frame before, the rest is computed.

Much of a recorded call stands still to the last bit: slides, name tiles, backgrounds, all blocks that the encoder
skipped. A pixel of the output whose input did not change within the student's halo has not changed, either. So each
result here equals, bit for bit, what the student makes of the whole frame; only the time differs.

Chroma that is restored depends on luma and chroma within a halo of its own, so it is reused by itself.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np

from ..enhance import Enhancer, Later
from ..fused.fused_student import FusedStudent
from ..planes.plane_format import PlaneFormat
from .changes import CELL_PX, Grid, changed_cells, coarser, grown
from .cover import Box, cover
from .windows import RGB_GRID, Window, Windows

Planes = Sequence[np.ndarray]

UNIT_PX = 32
"""Edge of the squares that are computed or copied: smaller ones would take longer to choose than they save."""
_WORTH_IT = 0.95
"""Parts that cost more than this share of the frame are not worth it."""
_PATIENCE = 8
"""After so many pictures in a row with nothing to copy, only one in so many is compared with the one before."""


@dataclass
class _History:
    """The last picture: what went in, and what came out."""

    fmt: PlaneFormat
    given: list[np.ndarray]
    """Copies of the planes that the student sees; of an earlier picture while `rests`."""
    made: list[np.ndarray | None]
    vain: int = 0
    """How many pictures in a row had nothing to copy."""

    @property
    def rests(self) -> bool:
        """Whether the next picture is not compared: looking and keeping a copy for it take a millisecond or two."""
        return self.vain >= _PATIENCE and self.vain % _PATIENCE > 0

    def fits(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> bool:
        """Whether a picture is of the same sizes and meaning."""
        alike = (a.shape == b.shape and a.dtype == b.dtype for a, b in zip(self.given, planes, strict=False))
        return self.fmt == fmt and len(self.made) == len(planes) and all(alike)


class Sharpener(Protocol):
    """What pictures are reused of: all of this is as in `Enhancer`."""

    @property
    def strength(self) -> float: ...
    @property
    def domain(self) -> str: ...
    @property
    def halo_px(self) -> int: ...
    @property
    def align_px(self) -> int: ...
    @property
    def fused(self) -> FusedStudent | None: ...
    @property
    def tiles_exactly(self) -> bool: ...
    def gives_frames_bits(self, window: tuple[int, int], frame: tuple[int, int]) -> bool: ...
    def seen(self, planes: Planes) -> Planes: ...
    def planes(self, planes: Planes, fmt: PlaneFormat) -> list[np.ndarray | None]: ...


class Reuse:
    """A `Session` on a CPU, with the chroma student where it works beside the other."""

    lends = True

    def __init__(self, enhancer: Enhancer) -> None:
        self.strength = enhancer.strength
        self._student = _Reused(enhancer.student_alone)
        self._chroma = enhancer.chroma_path
        self._on_grids: dict[Sharpener, _Reused] = {}

    @property
    def share(self) -> float | None:
        """Share of the student's pixels that were copied, mean over all pictures; None before the first one."""
        return self._student.share

    def begin(self, planes: Planes, fmt: PlaneFormat, sequence: int = 0) -> Later:
        """As `Session.begin`; the work is done at once."""
        made = self.planes(planes, fmt, sequence)
        return lambda: made

    def planes(self, planes: Planes, fmt: PlaneFormat, sequence: int = 0) -> list[np.ndarray | None]:
        """What `Enhancer.planes` gives, to the last bit.

        Args:
            planes, fmt: as there.
            sequence: which sequence of pictures this one is the next of; the fields of interlaced frames are two.

        Returns:
            As there, but the arrays are only lent: not to be written on, and valid until the sequence's next picture.

        Raises:
            ModelError: as there.
        """
        made = self._student.planes(planes, fmt, sequence)
        if self._chroma is not None and len(planes) > 2:
            on_grid = self._chroma.on_grid_of(planes)
            if on_grid not in self._on_grids:
                self._on_grids[on_grid] = _Reused(on_grid)
            made[1:3] = self._on_grids[on_grid].planes(planes, fmt, sequence)[1:3]
        return made


class _Reused:
    """Keeps one picture's planes of each sequence, before and after."""

    def __init__(self, enhancer: Sharpener) -> None:
        self._enhancer = enhancer
        self._histories: dict[int, _History] = {}
        self._parts = _Windows(enhancer) if enhancer.fused is None else _Boxes(enhancer.fused)
        self._pictures, self._shares = 0, 0.0

    @property
    def share(self) -> float | None:
        """Share of the output's pixels that were copied, mean over all pictures; None before the first one."""
        return self._shares / self._pictures if self._pictures else None

    def planes(self, planes: Planes, fmt: PlaneFormat, sequence: int) -> list[np.ndarray | None]:
        """As `Reuse.planes`."""
        if self._enhancer.strength == 0 or not planes:
            return self._enhancer.planes(planes, fmt)
        last = self._histories.pop(sequence, None)  # not kept where an error leaves it half done
        if last is not None and not last.fits(planes, fmt):
            last = None
        seen = self._enhancer.seen(planes)
        parts = None if last is None or last.rests else self._to_compute(last.given, seen, fmt)
        self._pictures += 1
        if last is None or parts is None:
            made = self._enhancer.planes(planes, fmt)
            if last is None:
                last = _History(fmt, [np.empty(p.shape, p.dtype) for p in seen], made)
            else:
                last.made, last.vain = made, last.vain + 1
        else:
            last.vain = 0
            self._parts.renew(last.made, seen, fmt, parts)
            self._shares += 1 - sum(_pixels(box, seen[0].shape) for box in parts) / max(seen[0].size, 1)
        if (parts is None or parts) and not last.rests:
            for copy, plane in zip(last.given, seen, strict=True):
                np.copyto(copy, plane)
        self._histories[sequence] = last
        return list(last.made)

    def _to_compute(self, before: Planes, now: Planes, fmt: PlaneFormat) -> list[Box] | None:
        """Boxes of units for all that changed; None where the frame is cheaper, or where nothing else is exact."""
        size, wanted = (now[0].shape[0], now[0].shape[1]), np.zeros((0, 0), np.bool_)
        if not self._enhancer.tiles_exactly or CELL_PX % self._enhancer.align_px:
            return [] if all(np.array_equal(a, b) for a, b in zip(before, now, strict=True)) else None
        # Where nearly all moves, every fourth row shows it already: finding all changes would be in vain.
        for every in (4, 1):
            changed = changed_cells(before, now, every)
            wanted = coarser(grown(changed, -(-self._parts.halo // CELL_PX)), UNIT_PX // CELL_PX)
            if wanted.mean() > self._parts.too_much:
                return None
        return self._parts.choose(wanted, size, fmt)


class _Boxes:
    """Parts as the C library does them: any box, computed in its place."""

    too_much = 0.95
    """Where a larger share of the frame is wanted, nothing is saved."""
    _CALL_PIXELS = 8_000
    """What a box costs beside its pixels, in pixels: some 0.05 ms for `fast`, where a pixel takes 7 ns of one core."""

    def __init__(self, student: FusedStudent) -> None:
        self._student, self.halo = student, student.halo_px

    def choose(self, wanted: Grid, size: tuple[int, int], fmt: PlaneFormat) -> list[Box] | None:
        """Boxes of units for what is wanted; None where they cost as much as the frame."""

        def cost(box: Box) -> float:
            return self._student.pixels(_times(box, UNIT_PX // self._student.align_px), fmt) + self._CALL_PIXELS

        return _cheap(wanted, size, cost)

    def renew(self, made: Sequence[np.ndarray | None], seen: Planes, fmt: PlaneFormat, boxes: Sequence[Box]) -> None:
        """Computes boxes of units in the last picture's planes."""
        align = self._student.align_px
        bottom, right = (-(-side // align) for side in seen[0].shape)
        cells = [_times(box, UNIT_PX // align) for box in boxes]
        within = [box._replace(bottom=min(box.bottom, bottom), right=min(box.right, right)) for box in cells]
        if made[0] is not None and within:
            self._student.renew(made[0], seen[0], fmt, within)


class _Windows:
    """Parts as torch does them: windows of few shapes, those that get the frame's bits, computed apart and copied."""

    _CALL_PIXELS: ClassVar[dict[str, int]] = {"luma": 40_000, "rgb": 4_000, "chroma": 16_000}
    """What a call costs beside its pixels, in pixels: some 0.7 ms for `fast`, where a pixel takes 17 ns."""
    _TOO_MUCH: ClassVar[dict[str, float]] = {"luma": 0.8, "rgb": 0.95, "chroma": 0.8}
    """Where a larger share of the frame is wanted, nothing is saved: a luma student's halo is three times as wide."""

    def __init__(self, enhancer: Sharpener) -> None:
        self._enhancer = enhancer
        self._of_size: dict[tuple[int, int], Windows] = {}
        step = RGB_GRID if enhancer.domain == "rgb" else enhancer.align_px
        self.halo = enhancer.halo_px + -enhancer.halo_px % step
        """In whole steps of what windows align to."""
        self.too_much = self._TOO_MUCH[enhancer.domain]

    def choose(self, wanted: Grid, size: tuple[int, int], fmt: PlaneFormat) -> list[Box] | None:
        """As `_Boxes.choose`; None also where a box has no window that gets the frame's bits."""
        if size not in self._of_size:
            self._of_size[size] = Windows(size, UNIT_PX, self.halo, self._enhancer.align_px)
        windows, call = self._of_size[size], self._CALL_PIXELS[self._enhancer.domain]
        boxes = _cheap(wanted, size, lambda box: windows.pixels(box) + call)
        return None if boxes is None or not all(self._exact(box, size) for box in boxes) else boxes

    def renew(self, made: Sequence[np.ndarray | None], seen: Planes, fmt: PlaneFormat, boxes: Sequence[Box]) -> None:
        """Computes windows for boxes of units, and copies what was wanted of them."""
        luma = (seen[0].shape[0], seen[0].shape[1])
        for box in boxes:
            window = self._exact(box, luma)
            assert window is not None, "choose() gave only such boxes"
            given = [_part(window.given, luma, plane.shape) for plane in seen]
            fresh = self._enhancer.planes([plane[place] for plane, place in zip(seen, given, strict=True)], fmt)
            for target, source, place in zip(made, fresh, given, strict=False):
                if target is not None and source is not None:
                    down, across = _part(window.made, luma, target.shape)
                    top, left = down.start - place[0].start, across.start - place[1].start
                    target[down, across] = source[top:, left:][: down.stop - down.start, : across.stop - across.start]

    def _exact(self, box: Box, size: tuple[int, int]) -> Window | None:
        """The smallest window for a box that gets the frame's bits."""
        windows = self._of_size[size].of(box)
        return next((window for window in windows if self._enhancer.gives_frames_bits(window.shape, size)), None)


def _cheap(wanted: Grid, size: tuple[int, int], cost: Callable[[Box], float]) -> list[Box] | None:
    """Boxes of units for what is wanted; None where they cost as much as the frame, whose pixels cost 1 each."""
    boxes = cover(wanted, cost)
    return boxes if sum(map(cost, boxes)) <= _WORTH_IT * size[0] * size[1] else None


def _times(box: Box, factor: int) -> Box:
    """A box of large cells in cells that are so many times smaller."""
    return Box(*(factor * side for side in box))


def _pixels(box: Box, luma: tuple[int, ...]) -> int:
    """How many pixels of luma a box of units has within the frame."""
    top, left, bottom, right = _times(box, UNIT_PX)
    return (min(bottom, luma[0]) - top) * (min(right, luma[1]) - left)


def _part(place: tuple[slice, slice], luma: tuple[int, ...], plane: tuple[int, ...]) -> tuple[slice, slice]:
    """A place in luma, cut to the frame, on a plane that may have half as many rows or columns, rounded up."""
    down, across = (
        slice(part.start, min(part.stop, side))
        if side == whole
        else slice(part.start // 2, min(-(-part.stop // 2), side))
        for part, whole, side in zip(place, luma, plane, strict=True)
    )
    return down, across
