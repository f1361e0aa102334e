"""Exact reuse: what did not change since the frame before is copied from the frame before, the rest is computed.

Much of a recorded call stands still to the last bit: slides, name tiles, backgrounds, all blocks that the encoder
skipped. A pixel of the output whose input did not change within the student's halo has not changed, either. So each
result here equals, bit for bit, what the student makes of the whole frame; only the time differs.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .changes import CELL_PX, Grid, changed_cells, coarser, grown
from .cover import cover
from .domain import Domain
from .enhance import Enhancer
from .plane_format import PlaneFormat
from .windows import RGB_GRID, Window, Windows

UNIT_PX = 32
"""Edge of the squares that are computed or copied: smaller ones would take longer to choose than they save."""
_CALL_PIXELS: dict[Domain, int] = {"luma": 40_000, "rgb": 4_000}
"""What a call costs beside its pixels, in pixels: with torch, some 0.7 ms for `fast`, where a pixel takes 17 ns."""
_FUSED_CALL_PIXELS = 20_000
"""With the C library: some 0.2 ms for `fast`, where a pixel takes 12 ns of one core."""
_TOO_MUCH: dict[Domain, float] = {"luma": 0.8, "rgb": 0.95}
"""Where a larger share of the frame is wanted, windows save nothing: a luma student's halo is three times as wide."""
_WORTH_IT = 0.95
"""Windows that cost more than this share of the frame are not worth it."""


@dataclass
class _History:
    """The last picture: what went in, and what came out."""

    fmt: PlaneFormat
    given: list[np.ndarray]
    """Copies of the planes that the student sees."""
    made: list[np.ndarray | None]

    def fits(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> bool:
        """Whether a picture is of the same sizes and meaning."""
        alike = (a.shape == b.shape and a.dtype == b.dtype for a, b in zip(self.given, planes, strict=False))
        return self.fmt == fmt and len(self.made) == len(planes) and all(alike)


class Reuse:
    """A student on the pictures of one chunk, in order. Keeps one picture's planes, before and after."""

    def __init__(self, enhancer: Enhancer) -> None:
        self._enhancer = enhancer
        self._histories: dict[int, _History] = {}
        self._windows: dict[tuple[int, int], Windows] = {}
        self._pictures, self._shares = 0, 0.0

    @property
    def strength(self) -> float:
        """The enhancer's."""
        return self._enhancer.strength

    @property
    def share(self) -> float | None:
        """Share of the output's pixels that were copied, mean over all pictures; None before the first one."""
        return self._shares / self._pictures if self._pictures else None

    def planes(self, planes: Sequence[np.ndarray], fmt: PlaneFormat, sequence: int = 0) -> list[np.ndarray | None]:
        """What `Enhancer.planes` gives, to the last bit.

        Args:
            planes, fmt: as there.
            sequence: which sequence of pictures this one is the next of; the fields of interlaced frames are two.

        Returns:
            As there, but the arrays are only lent: not to be written on, and valid until the sequence's next picture.

        Raises:
            ModelError: as there.
        """
        if self._enhancer.strength == 0 or not planes:
            return self._enhancer.planes(planes, fmt)
        last = self._histories.pop(sequence, None)  # not kept where an error leaves it half done
        if last is not None and not last.fits(planes, fmt):
            last = None
        seen = planes[:1] if self._enhancer.domain == "luma" else planes[:3]
        windows = None if last is None else self._to_compute(last.given, seen)
        self._pictures += 1
        if last is None or windows is None:
            made = self._enhancer.planes(planes, fmt)
            last = _History(fmt, [np.empty(p.shape, p.dtype) for p in seen] if last is None else last.given, made)
        else:
            done = sum(self._renew(last.made, seen, fmt, window) for window in windows)
            self._shares += 1 - done / max(seen[0].size, 1)
        if windows is None or windows:
            for copy, plane in zip(last.given, seen, strict=True):
                np.copyto(copy, plane)
        self._histories[sequence] = last
        return list(last.made)

    def _to_compute(self, before: Sequence[np.ndarray], now: Sequence[np.ndarray]) -> list[Window] | None:
        """Windows for all that changed; None where the whole frame is cheaper, or where nothing else is exact."""
        size, wanted = (now[0].shape[0], now[0].shape[1]), np.zeros((0, 0), np.bool_)
        if not self._tiles:
            return [] if all(np.array_equal(a, b) for a, b in zip(before, now, strict=True)) else None
        # Where nearly all moves, every fourth row shows it already: finding all changes would be in vain.
        for every in (4, 1):
            wanted = self._wanted(changed_cells(before, now, every))
            if wanted.mean() > _TOO_MUCH[self._enhancer.domain]:
                return None
        if size not in self._windows:
            self._windows[size] = Windows(size, UNIT_PX, self._halo, self._enhancer.align_px)
        windows = self._windows[size]
        call = _FUSED_CALL_PIXELS if self._enhancer.fused else _CALL_PIXELS[self._enhancer.domain]
        boxes = cover(wanted, lambda box: windows.pixels(box) + call)
        if sum(windows.pixels(box) + call for box in boxes) > _WORTH_IT * now[0].size:
            return None
        chosen = [
            next((window for window in windows.of(box) if self._enhancer.gives_frames_bits(window.shape, size)), None)
            for box in boxes
        ]
        return None if None in chosen else [window for window in chosen if window is not None]

    @property
    def _tiles(self) -> bool:
        """Whether anything smaller than a frame can be exact."""
        return self._enhancer.tiles_exactly and CELL_PX % self._enhancer.align_px == 0

    @property
    def _halo(self) -> int:
        """In whole steps of what windows align to."""
        step = self._enhancer.align_px if self._enhancer.domain == "luma" else RGB_GRID
        return self._enhancer.halo_px + -self._enhancer.halo_px % step

    def _wanted(self, changed: Grid) -> Grid:
        """The units to compute, for the cells that changed."""
        return coarser(grown(changed, -(-self._halo // CELL_PX)), UNIT_PX // CELL_PX)

    def _renew(
        self, made: Sequence[np.ndarray | None], seen: Sequence[np.ndarray], fmt: PlaneFormat, window: Window
    ) -> int:
        """Computes a window and writes its box into the last picture's planes; how many pixels of luma that were."""
        luma = seen[0].shape
        given = [_part(window.given, luma, plane.shape) for plane in seen]
        fresh = self._enhancer.planes([plane[place] for plane, place in zip(seen, given, strict=True)], fmt)
        for target, source, place in zip(made, fresh, given, strict=False):
            if target is not None and source is not None:
                down, across = _part(window.made, luma, target.shape)
                top, left = down.start - place[0].start, across.start - place[1].start
                target[down, across] = source[top:, left:][: down.stop - down.start, : across.stop - across.start]
        down, across = _part(window.made, luma, luma)
        return (down.stop - down.start) * (across.stop - across.start)


def _part(place: tuple[slice, slice], luma: tuple[int, ...], plane: tuple[int, ...]) -> tuple[slice, slice]:
    """A place in luma, cut to the frame, on a plane that may have half as many rows or columns, rounded up."""
    down, across = (
        slice(part.start, min(part.stop, side))
        if side == whole
        else slice(part.start // 2, min(-(-part.stop // 2), side))
        for part, whole, side in zip(place, luma, plane, strict=True)
    )
    return down, across
