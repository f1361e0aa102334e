"""A hand's motion blurs along its way, and moves nothing."""

import random

import numpy as np
import pytest

from benchmarks.quality.motion_blur import LONGEST_PX, SHORTEST_PX, exposed, way_of


@pytest.mark.parametrize("seed", range(5))
def test_ways_are_as_long_as_is_said(seed: int) -> None:
    way, beside = way_of(random.Random(seed))
    assert SHORTEST_PX <= abs(way) <= LONGEST_PX
    assert (way * beside.conjugate()).real == pytest.approx(0, abs=1e-9)


def test_what_is_flat_stays_so() -> None:
    flat = np.full((40, 50), 131, np.uint8)
    assert np.array_equal(exposed(flat, 9 + 4j, 1 - 2j), flat)


@pytest.mark.parametrize("way", [8, 8j])
def test_a_point_becomes_a_line_around_its_place(way: complex) -> None:
    light = np.full((41, 41), 16, np.uint8)
    light[20, 20] = 235
    y, x = np.nonzero(exposed(light, way, 0) > 40)
    assert (round(y.mean()), round(x.mean())) == (20, 20)
    assert (np.ptp(x), np.ptp(y)) == ((8, 0) if way == 8 else (0, 8))


def test_light_adds_up_and_not_codes() -> None:
    """Half of the time white and half of the time black is brighter than the middle code."""
    edge = np.zeros((9, 40), np.uint8)
    edge[:, 20:] = 255
    assert exposed(edge, 10, 0)[4, 20] > 180
