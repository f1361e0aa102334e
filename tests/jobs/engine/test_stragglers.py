"""Chunks that are begun a second time: the rules, without actors."""

from dataclasses import replace

import hypothesis.strategies as st
import pytest
from hypothesis import given
from vidsharp.jobs.engine.schedule import Work
from vidsharp.jobs.engine.stragglers import LEAST_DONE, Stragglers
from vidsharp.pipeline.plan import Chunk, PacketMark

from benchmarks.scale.stragglers import CLUSTERS, Way, run_s

FRAMES, SIZE = 100, 640 * 360


def work(index: int, frames: int = FRAMES, clip: str = "a.mp4", tried_on: frozenset[str] = frozenset()) -> Work:
    return Work(clip, Chunk(index, None, None, PacketMark(0, 0, 0, 1), None, frames, frames), tried_on=tried_on)


def after(seconds: float, count: int = LEAST_DONE, size: int = SIZE) -> Stragglers:
    """As many chunks are done, each in so many seconds."""
    stragglers = Stragglers()
    for index in range(count):
        stragglers.begin("x", work(1000 + index), size, now=index * seconds)
        assert stragglers.end("x", work(1000 + index), done=True, now=(index + 1) * seconds) == []
    return stragglers


def slow(stragglers: Stragglers, now: float, actor: str = "idle") -> list[int]:
    stragglers.look(now)
    return [each.chunk.index for each in stragglers.slow_for(actor)]


@pytest.mark.parametrize(
    ("took", "frames", "found"),
    [
        (9.0, 0, False),  # another one would need longer
        (11.0, 0, True),  # it may hang
        (11.0, 40, True),
        (11.0, 60, False),  # it will be done sooner
        (100.0, 99, False),
        (1000.0, 98, True),
    ],
)
def test_which_are_slow(took: float, frames: int, found: bool) -> None:
    stragglers = after(10)
    stragglers.begin("y", work(1), SIZE, now=100)
    stragglers.move(work(1), frames)
    assert slow(stragglers, 100 + took) == [1] * found


def test_large_pictures_and_long_chunks_may_take_longer() -> None:
    stragglers = after(10)
    stragglers.begin("y", work(1), SIZE * 9, now=100)
    stragglers.begin("z", work(2, FRAMES * 9), SIZE, now=100)
    assert slow(stragglers, 189) == []
    assert slow(stragglers, 191) == [1, 2]


def test_nothing_is_slow_before_it_is_known_how_long_a_chunk_takes() -> None:
    stragglers = after(1, count=LEAST_DONE - 1)
    stragglers.begin("y", work(1), SIZE, now=100)
    assert slow(stragglers, 10_000) == []


def test_chunks_of_which_no_picture_is_expected_say_nothing() -> None:
    """As of a recording that nothing can be shown of."""
    stragglers = Stragglers()
    for index in range(LEAST_DONE):
        stragglers.begin("x", work(index, frames=0), SIZE, now=0)
        stragglers.end("x", work(index, frames=0), done=True, now=1)
    stragglers.begin("y", work(100), SIZE, now=0)
    stragglers.begin("z", work(101, frames=0), SIZE, now=0)
    assert slow(stragglers, 1000) == []


def test_a_second_one_is_the_last_as_long_as_both_are_at_it() -> None:
    stragglers = after(10)
    stragglers.begin("y", work(1), SIZE, now=100)
    assert slow(stragglers, 150, "y") == [], "it would wait for itself"
    assert slow(stragglers, 150) == [1]
    assert stragglers.slow == [work(1)]
    stragglers.begin("idle", work(1), SIZE, now=150)
    assert stragglers.slow == []
    assert slow(stragglers, 1000, "third") == []
    assert stragglers.end("idle", work(1), done=False, now=1000) == ["y"]
    assert slow(stragglers, 1001) == [], "it has failed at it"
    assert slow(stragglers, 1001, "third") == [1]
    assert stragglers.end("y", work(1), done=True, now=1002) == []
    assert slow(stragglers, 2000, "third") == []


def test_who_failed_at_it_before_does_not_begin_it_again() -> None:
    stragglers = after(10)
    stragglers.begin("y", work(1, tried_on=frozenset({"idle"})), SIZE, now=100)
    assert slow(stragglers, 150) == []
    assert slow(stragglers, 150, "third") == [1]


def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    stragglers = after(10)
    stragglers.begin("y", work(1), SIZE, now=100)
    assert stragglers.end("other", work(1), done=True, now=101) == []
    assert stragglers.end("y", work(2), done=True, now=101) == []
    assert slow(stragglers, 150) == [1]


@given(st.lists(st.tuples(st.sampled_from("wxyz"), st.integers(0, 3), st.booleans()), max_size=60))
def test_whatever_the_order_each_chunk_has_at_most_two_and_none_is_forgotten(
    turns: list[tuple[str, int, bool]],
) -> None:
    stragglers, at_work = after(1), dict[str, int]()
    for now, (actor, index, done) in enumerate(turns, 100):
        if actor in at_work:
            mine = at_work.pop(actor)
            others = {other for other, its in at_work.items() if its == mine}
            assert set(stragglers.end(actor, work(mine), done=done, now=now * 10)) == others
        elif index not in at_work.values() or index in slow(stragglers, now * 10 + 9, actor):
            stragglers.begin(actor, work(index), SIZE, now=now * 10)
            at_work[actor] = index
        assert all(list(at_work.values()).count(index) <= 2 for index in range(4))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("cluster", CLUSTERS)
def test_over_a_whole_run_it_never_costs_and_helps_where_one_stands_still(cluster: str, seed: int) -> None:
    """By a simulated clock."""
    alone, twice = (run_s(Way(1, each), CLUSTERS[cluster], workers=8, chunks=80, seed=seed) for each in (False, True))
    assert twice <= alone * 1.02
    if cluster == "one stands still":
        assert twice < alone / 2


def test_each_device_has_its_own_pace() -> None:
    """What is long on a GPU is short on a CPU, whose chunks nobody else may do."""
    stragglers = after(10)
    stragglers.begin("y", replace(work(1), device="cuda"), SIZE, now=100)
    assert slow(stragglers, 1000) == [], "nothing is known of GPUs"
    for index in range(LEAST_DONE):
        quick = replace(work(2000 + index), device="cuda")
        stragglers.begin("z", quick, SIZE, now=1000 + index)
        stragglers.end("z", quick, done=True, now=1001 + index)
    assert stragglers.speeds == {"cpu": pytest.approx(FRAMES * SIZE / 10), "cuda": pytest.approx(FRAMES * SIZE)}
    stragglers.begin("x", work(2), SIZE, now=1100)
    assert slow(stragglers, 1109) == [], "of a CPU nine seconds are not long"
    assert [each.chunk.index for each in stragglers.slow_for("idle", "cuda")] == [1]
