"""Boxes hold all that is set, never overlap, and never cost more than one box around everything."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.models.sequence.cover import Box, cover


def cost(box: Box) -> float:
    """As windows cost: a rim of one around, and something for each."""
    return (box.bottom - box.top + 2) * (box.right - box.left + 2) + 5


@given(st.tuples(st.integers(1, 30), st.integers(1, 80)), st.floats(0, 1), st.integers(0, 2**32 - 1))
def test_all_is_held_once(size: tuple[int, int], share: float, seed: int) -> None:
    grid = np.random.default_rng(seed).random(size) < share**3
    times = np.zeros(size, int)
    boxes = cover(grid, cost)
    for box in boxes:
        times[box.top : box.bottom, box.left : box.right] += 1
    assert times.max(initial=0) <= 1
    assert not (grid & (times == 0)).any()
    if grid.any():
        rows, columns = np.flatnonzero(grid.any(1)), np.flatnonzero(grid.any(0))
        around = Box(int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1)
        assert sum(map(cost, boxes)) <= cost(around)
    else:
        assert boxes == []


def test_two_spots_far_apart_are_two_boxes() -> None:
    grid = np.zeros((20, 40), bool)
    grid[2:4, 3:6] = grid[15:19, 30:31] = True
    assert sorted(cover(grid, cost)) == [Box(2, 3, 4, 6), Box(15, 30, 19, 31)]
