"""Parts of a frame that are computed while the rest is copied: how each backend does them, and which are cheap."""

from collections.abc import Callable, Sequence
from typing import ClassVar, Protocol

import numpy as np

from ..planes.plane_format import PlaneFormat
from .changes import Grid
from .cover import Box, cover
from .windows import RGB_GRID, Window, Windows

Planes = Sequence[np.ndarray]

Made = Sequence[np.ndarray | None]
"""As `Enhancer.planes` gives it."""
Beside = Sequence[Planes] | None
"""What a student sees of the pictures at its offsets; None where it sees one alone."""

UNIT_PX = 32
"""Edge of the squares that are computed or copied: smaller ones would take longer to choose than they save."""
_WORTH_IT = 0.95
"""Parts that cost more than this share of the frame are not worth it."""


class Parts(Protocol):
    """How parts of a frame are computed."""

    @property
    def halo(self) -> int:
        """How far from a changed sample the result may change, in pixels."""
        ...

    @property
    def too_much(self) -> float:
        """Where a larger share of the frame is wanted, nothing is saved."""
        ...

    def choose(self, wanted: Grid, size: tuple[int, int], fmt: PlaneFormat) -> list[Box] | None:
        """Boxes of units for what is wanted; None where they cost as much as the frame, or would have other bits."""
        ...

    def renew(self, made: Made, seen: Planes, fmt: PlaneFormat, boxes: Sequence[Box], window: Beside = None, /) -> None:
        """Computes boxes of units in the last picture's planes.

        Args:
            window: as `Enhancer.planes` takes it.
        """
        ...


class Boxed(Protocol):
    """A student that computes any box of a frame in its place: all of this is as in `FusedStudent`."""

    @property
    def halo_px(self) -> int: ...
    @property
    def align_px(self) -> int: ...
    def renew(self, made: np.ndarray, luma: np.ndarray, fmt: PlaneFormat, boxes: Sequence[Box]) -> None: ...
    def pixels(self, box: Box, fmt: PlaneFormat) -> float: ...


class BoxedParts:
    """Parts as the C library does them: any box, computed in its place."""

    too_much = 0.95
    _CALL_PIXELS = 8_000
    """What a box costs beside its pixels, in pixels: some 0.05 ms for `fast`, where a pixel takes 7 ns of one core."""

    def __init__(self, student: Boxed) -> None:
        self._student, self.halo = student, student.halo_px

    def choose(self, wanted: Grid, size: tuple[int, int], fmt: PlaneFormat) -> list[Box] | None:
        """As `Parts.choose`."""

        def cost(box: Box) -> float:
            return self._student.pixels(times(box, UNIT_PX // self._student.align_px), fmt) + self._CALL_PIXELS

        return _cheap(wanted, size, cost)

    def renew(self, made: Made, seen: Planes, fmt: PlaneFormat, boxes: Sequence[Box], window: Beside = None, /) -> None:
        """As `Parts.renew`; the student sees single pictures."""
        align = self._student.align_px
        bottom, right = (-(-side // align) for side in seen[0].shape)
        cells = [times(box, UNIT_PX // align) for box in boxes]
        within = [box._replace(bottom=min(box.bottom, bottom), right=min(box.right, right)) for box in cells]
        if made[0] is not None and within:
            self._student.renew(made[0], seen[0], fmt, within)


class Windowed(Protocol):
    """A student that computes windows of a frame apart: all of this is as in `Enhancer`."""

    @property
    def domain(self) -> str: ...
    @property
    def halo_px(self) -> int: ...
    @property
    def align_px(self) -> int: ...
    def gives_frames_bits(self, window: tuple[int, int], frame: tuple[int, int]) -> bool: ...
    def planes(
        self, planes: Planes, fmt: PlaneFormat, window: Sequence[Planes] | None = None, /
    ) -> list[np.ndarray | None]: ...


class WindowedParts:
    """Parts as torch does them: windows of few shapes, those that get the frame's bits, computed apart and copied."""

    _CALL_PIXELS: ClassVar[dict[str, int]] = {"luma": 40_000, "rgb": 4_000, "chroma": 16_000}
    """What a call costs beside its pixels, in pixels: some 0.7 ms for `fast`, where a pixel takes 17 ns."""
    _TOO_MUCH: ClassVar[dict[str, float]] = {"luma": 0.8, "rgb": 0.95, "chroma": 0.8}
    """A luma student's halo is three times as wide."""

    def __init__(self, student: Windowed) -> None:
        self._student = student
        self._of_size: dict[tuple[int, int], Windows] = {}
        step = RGB_GRID if student.domain == "rgb" else student.align_px
        self.halo = student.halo_px + -student.halo_px % step
        """In whole steps of what windows align to."""
        self.too_much = self._TOO_MUCH[student.domain]

    def choose(self, wanted: Grid, size: tuple[int, int], fmt: PlaneFormat) -> list[Box] | None:
        """As `Parts.choose`."""
        if size not in self._of_size:
            self._of_size[size] = Windows(size, UNIT_PX, self.halo, self._student.align_px)
        windows, call = self._of_size[size], self._CALL_PIXELS[self._student.domain]
        boxes = _cheap(wanted, size, lambda box: windows.pixels(box) + call)
        return None if boxes is None or not all(self._exact(box, size) for box in boxes) else boxes

    def renew(self, made: Made, seen: Planes, fmt: PlaneFormat, boxes: Sequence[Box], window: Beside = None, /) -> None:
        """As `Parts.renew`: copies what was wanted of each box's window."""
        luma = (seen[0].shape[0], seen[0].shape[1])
        for box in boxes:
            cut = self._exact(box, luma)
            assert cut is not None, "choose() gave only such boxes"
            given = [_part(cut.given, luma, plane.shape) for plane in seen]
            neighbours = () if window is None else ([_cut(planes, given) for planes in window],)
            fresh = self._student.planes(_cut(seen, given), fmt, *neighbours)
            for target, source, place in zip(made, fresh, given, strict=False):
                if target is not None and source is not None:
                    down, across = _part(cut.made, luma, target.shape)
                    top, left = down.start - place[0].start, across.start - place[1].start
                    target[down, across] = source[top:, left:][: down.stop - down.start, : across.stop - across.start]

    def _exact(self, box: Box, size: tuple[int, int]) -> Window | None:
        """The smallest window for a box that gets the frame's bits."""
        windows = self._of_size[size].of(box)
        return next((window for window in windows if self._student.gives_frames_bits(window.shape, size)), None)


def times(box: Box, factor: int) -> Box:
    """A box of large cells in cells that are so many times smaller."""
    return Box(*(factor * side for side in box))


def _cheap(wanted: Grid, size: tuple[int, int], cost: Callable[[Box], float]) -> list[Box] | None:
    """Boxes of units for what is wanted; None where they cost as much as the frame, whose pixels cost 1 each."""
    boxes = cover(wanted, cost)
    return boxes if sum(map(cost, boxes)) <= _WORTH_IT * size[0] * size[1] else None


def _cut(planes: Planes, places: Sequence[tuple[slice, slice]]) -> Planes:
    """A part of each plane."""
    return [plane[place] for plane, place in zip(planes, places, strict=True)]


def _part(place: tuple[slice, slice], luma: tuple[int, ...], plane: tuple[int, ...]) -> tuple[slice, slice]:
    """A place in luma, cut to the frame, on a plane that may have half as many rows or columns, rounded up."""
    down, across = (
        slice(part.start, min(part.stop, side))
        if side == whole
        else slice(part.start // 2, min(-(-part.stop // 2), side))
        for part, whole, side in zip(place, luma, plane, strict=True)
    )
    return down, across
