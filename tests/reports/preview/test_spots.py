"""Spots: where changes were put in, they are found."""

import numpy as np
import pytest
from vidsharp.reports.preview.spots import SPOT_PX, Changes, Spot

SIZE = (480, 854)


def changed(*places: tuple[int, int, int], size: tuple[int, int] = SIZE) -> Changes:
    """What is seen of a grey picture in which squares of 16 pixels change: top, left, by how much."""
    before = np.full(size, 100, np.uint8)
    after = before.copy()
    for top, left, by in places:
        after[top : top + 16, left : left + 16] += np.uint8(by)
    changes = Changes()
    changes.see(0, before, [before, after])
    return changes


def holds(spot: Spot, top: int, left: int) -> bool:
    """Whether such a square lies within it."""
    down = spot.top <= top <= spot.top + spot.height - 16
    return down and spot.left <= left <= spot.left + spot.width - 16


def apart(one: Spot, other: Spot) -> bool:
    beside = one.left + one.width <= other.left or other.left + other.width <= one.left
    return beside or one.top + one.height <= other.top or other.top + other.height <= one.top


def test_the_largest_change_comes_first() -> None:
    places = (8, 16, 20), (440, 820, 60), (448, 32, 40)
    spots = changed(*places).spots(3)
    assert all(holds(spot, *places[at][:2]) for spot, at in zip(spots, (1, 2, 0), strict=True))
    assert {(spot.width, spot.height) for spot in spots} == {SPOT_PX}


def test_spots_lie_within_the_picture_and_apart() -> None:
    rng = np.random.default_rng(3)
    changes = Changes()
    for picture in range(4):
        before = rng.integers(0, 256, SIZE, np.uint8)
        changes.see(picture, before, [rng.integers(0, 256, SIZE, np.uint8)])
    spots = changes.spots(5)
    assert len(spots) == 5
    for number, spot in enumerate(spots):
        assert 0 <= spot.top <= SIZE[0] - spot.height
        assert 0 <= spot.left <= SIZE[1] - spot.width
        assert all(apart(spot, other) for other in spots[:number])


def test_each_is_in_the_picture_that_changes_most() -> None:
    before = np.zeros(SIZE, np.uint8)
    changes = Changes()
    for picture, by in enumerate((3, 90, 5)):
        changes.see(picture, before, [before + np.uint8(by)])
    assert changes.spots(1)[0].picture == 1


def test_where_nothing_changes_there_is_no_spot() -> None:
    changes = changed()
    assert changes.spots(3) == []
    assert changes.window(640, 480).cut(np.zeros(SIZE)).shape == (480, 640)


@pytest.mark.parametrize("size", [(1, 1), (7, 300), (181, 241), (90, 60)])
def test_small_and_odd_pictures(size: tuple[int, int]) -> None:
    before = np.zeros(size, np.uint8)
    changes = Changes()
    changes.see(0, before, [before + np.uint8(9)])
    spot = changes.spots(1)[0]
    assert spot.cut(before).shape == (min(size[0], SPOT_PX[1]), min(size[1], SPOT_PX[0]))


def test_of_several_settings_the_larger_change_counts() -> None:
    before = np.full(SIZE, 100, np.uint8)
    one, other = before.copy(), before.copy()
    one[:16, :16] = 120
    other[-16:, -16:] = 10  # darker: its size counts
    changes = Changes()
    changes.see(0, before, [one, other])
    assert holds(changes.spots(1)[0], SIZE[0] - 16, SIZE[1] - 16)
