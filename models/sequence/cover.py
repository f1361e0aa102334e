"""Few rectangles around all that is set in a grid: cut in two where it pays, then each half again."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np


class Box(NamedTuple):
    """A rectangle of grid cells; `bottom` and `right` are the first ones outside."""

    top: int
    left: int
    bottom: int
    right: int


_FULL = 0.9
"""A box with this share of its cells set is not cut."""
_HOPE = 1.1
"""A cut that costs more than this times the whole is not followed."""


def cover(grid: np.ndarray, cost: Callable[[Box], float]) -> list[Box]:
    """Boxes without a common cell that hold every set cell of bool [H, W].

    Args:
        cost: what working on a box takes, in any unit; of boxes that hold one another, the larger costs no less. A box
            is cut where its parts, each shrunk to what is set, cost less together; so the result costs no more than
            one box around everything.
    """
    rows = _masks(grid)
    return _cut(rows, _masks(grid.T), _around(rows), cost)[1] if any(rows) else []


def _cut(
    rows: Sequence[int], columns: Sequence[int], box: Box, cost: Callable[[Box], float]
) -> tuple[float, list[Box]]:
    """The cost and the boxes for what is set in `box`, which is tight around it."""
    whole = cost(box)
    lines = _within(rows, box.top, box.bottom, box.left, box.right)
    filled = sum(line.bit_count() for line in lines) / ((box.bottom - box.top) * (box.right - box.left))
    if filled > _FULL or whole <= 2 * cost(Box(box.top, box.left, box.top + 1, box.left + 1)):
        return whole, [box]
    pairs = _halves(lines, box.top)
    turned = _halves(_within(columns, box.left, box.right, box.top, box.bottom), box.left)
    pairs += [(_turned(first), _turned(second)) for first, second in turned]
    # Often the first cut gains nothing and only the next ones do: so follow the best even where it costs a bit.
    total, first, second = min((cost(first) + cost(second), first, second) for first, second in pairs)
    if total > _HOPE * whole:
        return whole, [box]
    (one, boxes), (other, more) = _cut(rows, columns, first, cost), _cut(rows, columns, second, cost)
    return (one + other, boxes + more) if one + other < whole else (whole, [box])


def _halves(lines: Sequence[int], start: int) -> list[tuple[Box, Box]]:
    """For every place to cut between two lines: the tight boxes of both sides. The outer lines are never empty."""
    above, below = [], []
    mask = last = 0
    for number, line in enumerate(lines):
        if line:
            mask, last = mask | line, number
        above.append(Box(start, _lowest(mask), start + last + 1, mask.bit_length()))
    mask = 0
    for number in range(len(lines) - 1, -1, -1):
        if lines[number]:
            mask, last = mask | lines[number], number
        below.append(Box(start + last, _lowest(mask), start + len(lines), mask.bit_length()))
    below.reverse()
    # A cut after an empty line gives the same two boxes as the cut before it.
    return [(above[i], below[i + 1]) for i in range(len(lines) - 1) if lines[i]]


def _around(rows: Sequence[int]) -> Box:
    """The tight box of what is set."""
    filled = [number for number, row in enumerate(rows) if row]
    mask = 0
    for row in rows:
        mask |= row
    return Box(filled[0], _lowest(mask), filled[-1] + 1, mask.bit_length())


def _within(lines: Sequence[int], first: int, end: int, low: int, high: int) -> list[int]:
    keep = (1 << high) - (1 << low)
    return [line & keep for line in lines[first:end]]


def _masks(grid: np.ndarray) -> list[int]:
    """Each row as one integer, whose bit i is column i."""
    packed = np.packbits(grid, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") for row in packed]


def _lowest(mask: int) -> int:
    return (mask & -mask).bit_length() - 1


def _turned(box: Box) -> Box:
    return Box(box.left, box.top, box.right, box.bottom)
