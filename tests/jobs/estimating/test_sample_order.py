"""Every place is tried once, the most frequent kind first, with pieces as long as the sample's time allows."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.jobs.estimating.cost_model import Kind, Piece
from vidsharp.jobs.estimating.sample_order import GOOD_FRAMES, TRIAL_FRAMES, order_of, piece_frames

SMALL, LARGE = Kind(160, 96, "h264", 8, "libx264"), Kind(1920, 1080, "h264", 8, "libx264")
TRIAL = Piece("a", SMALL, TRIAL_FRAMES, 1.0, 0.01, 0.01, 0.1, 0.1, None, 1000, 100)


@given(st.lists(st.tuples(st.sampled_from([SMALL, LARGE]), st.integers(1, 1000)), min_size=1, max_size=40))
def test_the_first_place_comes_twice_and_no_other_more_than_once(starts: list[tuple[Kind, int]]) -> None:
    kinds = [kind for kind, _ in starts]
    shares = [kind.pixels * count for kind, count in starts]
    first, again, *others = order_of(kinds, shares)
    assert first == again
    assert len({first, *others}) == len(others) + 1
    of_kind = {kind: sum(kind.pixels * count for own, count in starts if own == kind) for kind in set(kinds)}
    assert of_kind[kinds[first]] == max(of_kind.values())


def test_places_of_like_shares_are_all_tried() -> None:
    assert sorted(set(order_of([SMALL] * 20, [5.0] * 20))) == list(range(20))


def test_a_trial_is_short() -> None:
    assert piece_frames(SMALL.pixels, None, 3, 20.0) == TRIAL_FRAMES


@pytest.mark.parametrize(
    ("frame_s", "frames"), [(0.001, 20_000 // 6), (0.1, GOOD_FRAMES), (1.0, 20), (10.0, TRIAL_FRAMES)]
)
def test_pieces_are_as_long_as_the_time_allows(frame_s: float, frames: int) -> None:
    assert piece_frames(SMALL.pixels, replace(TRIAL, frame_s=frame_s), 100, 20.0) == frames


def test_larger_pictures_are_taken_to_cost_more() -> None:
    assert piece_frames(4 * SMALL.pixels, replace(TRIAL, frame_s=0.001), 100, 20.0) == 20_000 // 4 // 6
