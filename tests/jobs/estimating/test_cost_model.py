"""The cost model: what must hold whatever a machine measures."""

import math
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.jobs.estimating.cost_model import (
    AROUND_S,
    LEAST_UNCERTAINTY,
    Kind,
    Piece,
    Recording,
    costs_of,
    makespan,
    places,
    uncertainty,
    workload,
)

HD = Kind(1280, 720, "h264", 8, "libx264")
FULL_HD = Kind(1920, 1080, "h264", 8, "libx264")
HEVC = Kind(640, 360, "hevc", 8, "libx265")

PIECE = Piece(
    recording="a.mp4",
    kind=HD,
    frames=60,
    wall_s=2.0,
    frame_s=0.03,
    frame_core_s=0.05,
    chunk_s=0.2,
    chunk_core_s=0.1,
    measure_s=0.02,
    key_bytes=50_000,
    frame_bytes=2_000,
)
CALL = Recording(
    name="a.mp4",
    kind=HD,
    video_s=20,
    chunk_frames=(300, 300),
    measured_frames=25,
    look_s=0.05,
    read_s=0.01,
    other_bytes=1000,
)

seconds = st.floats(0, 1000)


def test_a_size_with_a_ceiling_stays_below_it() -> None:
    free = workload([CALL], [PIECE]).bytes_out
    assert workload([replace(CALL, most_video_bytes=free / 2)], [PIECE]).bytes_out == free / 2 + CALL.other_bytes
    assert workload([replace(CALL, most_video_bytes=2 * free)], [PIECE]).bytes_out == free


def test_trials_of_the_quality_are_work() -> None:
    piece = replace(PIECE, trial_frame_s=0.5, trial_frame_core_s=0.8)
    without, tried = (workload([replace(CALL, trial_frames=count)], [piece]) for count in (0, 192))
    assert tried.worker_s - without.worker_s == pytest.approx(192 * 0.5)
    assert tried.core_s - without.core_s == pytest.approx(192 * 0.8)
    assert tried.kinds[0].worker_s - without.kinds[0].worker_s == pytest.approx(192 * 0.5)
    (scaled,) = costs_of({FULL_HD}, [piece]).values()
    assert scaled.trial_frame_s == pytest.approx(0.5 * FULL_HD.pixels / HD.pixels)


@given(st.lists(seconds, min_size=1, max_size=30), st.integers(1, 12))
def test_more_workers_are_never_slower_and_no_bound_is_broken(tasks: list[float], workers: int) -> None:
    took = makespan(tasks, workers)
    assert makespan(tasks, workers + 1) <= took
    assert took <= makespan(tasks, 1) == pytest.approx(sum(tasks))
    even = sum(tasks) / workers
    assert max(max(tasks), even) <= took * (1 + 1e-9)
    assert took <= even + max(tasks) + 1e-6, "the last task begins before all others are done"


def test_workers_wait_for_the_longest_chunk() -> None:
    assert makespan([1, 1, 10], 2) == 11
    assert makespan([1, 1, 10], 3) == makespan([1, 1, 10], 100) == 10
    assert makespan([], 4) == 0


def test_a_run_is_its_chunks_and_what_is_around_them() -> None:
    work = workload([CALL], [PIECE])
    chunk_s = 0.2 + 300 * 0.03 + 12.5 * 0.02
    assert work.worker_s == pytest.approx(2 * chunk_s, abs=0.5), "and reading the clip"
    assert work.wall_s(1, start_s=7) == pytest.approx(AROUND_S + 7 + work.worker_s + work.joins_s[0])
    assert work.wall_s(2, start_s=7) < work.wall_s(1, start_s=7)
    assert work.core_s == pytest.approx(2 * (0.1 + 300 * 0.05 + 12.5 * 0.02), abs=0.5)
    # Two keyframes in a chunk of 300 frames.
    assert work.bytes_out == pytest.approx(2 * (2 * 50_000 + 298 * 2_000) + 1000)


@given(st.integers(1, 50))
def test_cost_grows_with_the_number_of_recordings(times: int) -> None:
    one, many = workload([CALL], [PIECE]), workload([CALL] * times, [PIECE])
    assert many.worker_s == pytest.approx(times * one.worker_s)
    assert many.core_s == pytest.approx(times * one.core_s)
    assert many.bytes_out == pytest.approx(times * one.bytes_out)
    assert len(many.tasks) == times * len(one.tasks)


def test_the_part_for_each_frame_scales_by_frames() -> None:
    plain = replace(PIECE, chunk_s=0, chunk_core_s=0, measure_s=None)
    longer = replace(CALL, chunk_frames=(600, 600))
    ratio = workload([longer], [plain]).kinds[0].worker_s / workload([CALL], [plain]).kinds[0].worker_s
    assert ratio == pytest.approx(2)


def test_what_was_not_measured_is_scaled_by_pixels() -> None:
    costs = costs_of({HD, FULL_HD}, [PIECE])
    times = FULL_HD.pixels / HD.pixels
    assert costs[HD].pieces == 1
    assert costs[FULL_HD].pieces == 0
    for name in ("frame_s", "frame_core_s", "chunk_s", "measure_s", "frame_bytes"):
        assert getattr(costs[FULL_HD], name) == pytest.approx(times * getattr(costs[HD], name)), name


def test_it_is_scaled_from_what_is_most_like_it() -> None:
    small = replace(HD, width=640, height=360)
    pieces = [PIECE, replace(PIECE, kind=small, frame_s=1.0), replace(PIECE, kind=HEVC, frame_s=9.0)]
    costs = costs_of({FULL_HD, replace(HEVC, width=1920, height=1080)}, pieces)
    assert costs[FULL_HD].frame_s == pytest.approx(0.03 * FULL_HD.pixels / HD.pixels), "the closest size"
    assert costs[replace(HEVC, width=1920, height=1080)].frame_s == pytest.approx(9 * 9), "the same encoder"


def test_pieces_of_a_kind_count_by_their_frames() -> None:
    pieces = [replace(PIECE, frames=30, frame_s=0.02), replace(PIECE, frames=90, frame_s=0.04)]
    assert costs_of({HD}, pieces)[HD].frame_s == pytest.approx(0.035)


def test_what_is_done_costs_nothing() -> None:
    work = workload([replace(CALL, chunk_frames=())], [])
    assert (work.tasks, work.kinds, work.worker_s, work.core_s, work.bytes_out) == ((), (), 0, 0, 0)
    assert work.wall_s(1, start_s=7) == 0
    assert workload([], []).uncertainty == 0


def test_something_must_have_been_measured() -> None:
    with pytest.raises(ValueError, match="no piece was measured"):
        workload([CALL], [])


def test_the_start_and_the_joins_bound_a_run_on_many_workers() -> None:
    slow = replace(CALL, read_s=100)
    work = workload([slow] * 3, [PIECE])
    assert work.wall_s(10**6, start_s=2) == pytest.approx(AROUND_S + 2 + sum(work.joins_s)), "one process joins all"


def test_uncertainty_falls_as_pieces_agree() -> None:
    kinds = workload([CALL], [PIECE]).kinds
    alike = [PIECE] * 4
    apart = [replace(PIECE, frame_s=0.03 * factor) for factor in (0.5, 1.5, 0.5, 1.5)]
    assert uncertainty(kinds, alike) == LEAST_UNCERTAINTY
    assert uncertainty(workload([CALL], apart).kinds, apart) == pytest.approx(2 * math.sqrt(1 / 3) / 2)
    assert uncertainty(kinds, [PIECE]) > LEAST_UNCERTAINTY, "a single piece says nothing about others"


@given(st.lists(st.floats(0.01, 100), min_size=1, max_size=8), st.integers(0, 5))
def test_places_come_as_often_as_their_share(shares: list[float], seed: int) -> None:
    drawn = list(islice(places(shares, seed), 256))
    assert drawn == list(islice(places(shares, seed), 256)), "the same seed, the same places"
    for place, share in enumerate(shares):
        assert drawn.count(place) / 256 == pytest.approx(share / sum(shares), abs=0.02)


def test_the_first_places_are_spread() -> None:
    assert sorted(islice(places([1.0] * 8), 8)) == list(range(8))
