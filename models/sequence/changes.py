"""Places where two pictures differ, on a grid of cells: plain comparison of memory, eight bytes at a time."""

from collections.abc import Sequence

import numpy as np

CELL_PX = 8
"""Edge of a cell in luma pixels."""
_WORDS = (np.uint64, np.uint32, np.uint16, np.uint8)

Grid = np.ndarray[tuple[int, int], np.dtype[np.bool_]]
"""bool [⌈H/8⌉, ⌈W/8⌉]: one entry for each cell of a picture's luma."""


def changed_cells(before: Sequence[np.ndarray], now: Sequence[np.ndarray], every: int = 1) -> Grid:
    """The cells in which any plane differs.

    Args:
        before, now: planes of the same shapes and dtypes, luma first, then planes as large or half as large in either
            direction (rounded up). Rows may be padded or lie far apart.
        every: 1, 2, 4 or 8: look at one row in so many. A cell that is found has changed; others may have, too.
    """
    grid = (-(-now[0].shape[0] // CELL_PX), -(-now[0].shape[1] // CELL_PX))
    changed = np.zeros(grid, dtype=np.bool_)
    for old, new in zip(before, now, strict=True):
        height, width = (CELL_PX // _ratio(full, part) for full, part in zip(now[0].shape, new.shape, strict=True))
        step = min(every, height)
        changed |= _differing(old[::step], new[::step], height // step, width)
    return changed


def grown(cells: Grid, by: int) -> Grid:
    """The cells that lie within `by` cells of a set one, diagonals too."""
    cells, span, width = np.pad(cells, by), 1, 2 * by + 1
    while span < width:  # a cell tells of `span` cells; two that overlap or touch tell of up to twice as many
        step = min(span, width - span)
        cells = cells[step:] | cells[:-step]
        cells = cells[:, step:] | cells[:, :-step]
        span += step
    return cells


def coarser(cells: Grid, factor: int) -> Grid:
    """The grid of cells `factor` times as large, set where any of theirs was."""
    height, width = cells.shape
    padded = np.pad(cells, ((0, -height % factor), (0, -width % factor)))
    tall, wide = -(-height // factor), -(-width // factor)
    return np.asarray(padded.reshape(tall, factor, wide, factor).any(axis=(1, 3)))


def _differing(old: np.ndarray, new: np.ndarray, height: int, width: int) -> Grid:
    """Which cells of `height` × `width` samples differ: bool [⌈H/height⌉, ⌈W/width⌉]."""
    rows, columns = new.shape[0] // height * height, new.shape[1] // width * width
    grid = np.zeros((-(-new.shape[0] // height), -(-new.shape[1] // width)), dtype=np.bool_)
    if columns:
        word = next(word for word in _WORDS if (width * new.itemsize) % np.dtype(word).itemsize == 0)
        differ = _words(old[:, :columns], word) != _words(new[:, :columns], word)
        per_cell = width * new.itemsize // np.dtype(word).itemsize
        inner = grid[:, : columns // width]
        inner[: rows // height] = _any_of(differ[:rows], height, per_cell)
        if rows < new.shape[0]:
            inner[-1:] = _any_of(differ[rows:], new.shape[0] - rows, per_cell)
    if columns < new.shape[1]:
        differ = (old[:, columns:] != new[:, columns:]).any(axis=1)
        for row in np.flatnonzero(differ):
            grid[row // height, -1] = True
    return grid


def _any_of(differ: np.ndarray, height: int, per_cell: int) -> np.ndarray:
    """bool [n · height, m · per_cell] to [n, m]."""
    by_row = np.asarray(differ.reshape(-1, height, differ.shape[1]).any(axis=1))
    if per_cell == 1:
        return by_row
    return np.asarray(by_row.reshape(len(by_row), by_row.shape[1] // per_cell, per_cell).any(axis=2))


def _words(plane: np.ndarray, word: type[np.generic]) -> np.ndarray:
    if plane.strides[1] != plane.itemsize:
        plane = np.ascontiguousarray(plane)
    return plane.view(word)


def _ratio(full: int, part: int) -> int:
    return 1 if full == part else 2
