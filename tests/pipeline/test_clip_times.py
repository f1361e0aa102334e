"""Decode times rise and never come after their picture, whatever the chunks; true times are kept."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st
from vidsharp.pipeline.chunk_record import ChunkRecord
from vidsharp.pipeline.clip_times import ClipTimes

from tests.support.records import chunk_record


@st.composite
def reordered_chunks(draw: st.DrawFn) -> tuple[list[ChunkRecord], list[int]]:
    """Records with times that never fall, and each picture's place in presentation order, in decode order."""
    clock, records, ranks = draw(st.integers(0, 10_000)), [], []
    for _ in range(draw(st.integers(1, 4))):
        steps = draw(st.lists(st.integers(0, 3000), min_size=1, max_size=12))
        pts = []
        for step in steps:
            clock += step
            pts.append(clock)
        # An encoder that holds back at most three pictures.
        order = list(range(len(pts)))
        for place in range(0, len(order) - 1, 4):
            order[place : place + 4] = draw(st.permutations(order[place : place + 4]))
        depth = max(0, *(place - rank for place, rank in enumerate(order)))
        base = sum(record.frames for record in records)
        ranks += [base + rank for rank in order]
        records.append(chunk_record(pts, reorder_depth=depth))
        clock += 1
    return records, ranks


@given(reordered_chunks(), st.booleans(), st.booleans())
def test_no_picture_is_decoded_after_it_is_shown(
    chunks: tuple[list[ChunkRecord], list[int]], strict: bool, negative: bool
) -> None:
    records, ranks = chunks
    times = ClipTimes.of(records, strict=strict, negative=negative)
    wanted = [time for record in records for time in record.pts]
    assert len(times.pts) == len(times.durations) == len(wanted)
    dts = [times.dts(place) for place in range(len(ranks))]
    assert all(stamp <= times.pts[rank] for stamp, rank in zip(dts, ranks, strict=True))
    if strict:
        assert all(a < b for a, b in pairwise(times.pts))
        assert all(a < b for a, b in pairwise(dts))
    else:
        assert list(times.pts) == wanted
        assert all(a <= b for a, b in pairwise(dts))
    if len(set(wanted)) == len(wanted):
        assert list(times.pts) == wanted, "times of their own stay exactly"
    assert all(duration >= 0 for duration in times.durations)


def test_pictures_that_share_a_time_move_by_a_tick_where_they_must() -> None:
    records = [chunk_record([0, 0, 0, 10]), chunk_record([10, 20])]
    assert ClipTimes.of(records, strict=True, negative=True).pts == (0, 1, 2, 10, 11, 20)
    assert ClipTimes.of(records, strict=False, negative=True).pts == (0, 0, 0, 10, 10, 20)


def test_the_sources_durations_are_kept_and_missing_ones_are_the_gaps() -> None:
    times = ClipTimes.of([chunk_record([0, 10, 40], [7, 0, 0]), chunk_record([100], [0])], strict=True, negative=True)
    assert times.durations == (7, 30, 60, 10)


def test_pictures_that_are_shown_until_the_next_one_last_as_long_as_the_gaps() -> None:
    records = [chunk_record([0, 10, 40], [30, 10, 7]), chunk_record([100, 110], [9, 25])]
    assert ClipTimes.of(records, strict=True, negative=True, contiguous=True).durations == (10, 30, 60, 10, 25)


def test_decode_times_stay_above_zero_where_the_container_wants_it() -> None:
    times = ClipTimes.of([chunk_record([100, 200, 300], reorder_depth=2)], strict=True, negative=False)
    assert [times.dts(place) for place in range(3)] == [0, 50, 100]
    times = ClipTimes.of([chunk_record([100, 200, 300], reorder_depth=2)], strict=True, negative=True)
    assert [times.dts(place) for place in range(3)] == [-100, 0, 100]
