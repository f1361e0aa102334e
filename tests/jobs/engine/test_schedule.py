"""The rules of who does which chunk, and of what follows a failure, over all orders that can come about."""

from collections import Counter

import hypothesis.strategies as st
import pytest
from hypothesis import given
from vidsharp.jobs.engine.schedule import Schedule, Work
from vidsharp.jobs.engine.tries import BOUNDS, CAUSES, MAX_RETRIES, Cause, Tries
from vidsharp.pipeline.plan import Chunk, PacketMark


def chunks(count: int) -> list[Chunk]:
    mark = PacketMark(0, 0, 0, 1)
    return [Chunk(index, None, None, mark, None, 1, 1) for index in range(count)]


def schedule_of(**clips: int) -> Schedule:
    schedule = Schedule()
    for name, count in clips.items():
        schedule.add(name, chunks(count))
    return schedule


def label(work: Work | None) -> str | None:
    return work and f"{work.clip}{work.chunk.index}"


def test_clips_are_worked_on_in_order_and_their_chunks_too() -> None:
    schedule = schedule_of(b=2, a=3)
    handed = [label(schedule.next_for(f"actor-{turn % 2}", ["other"])) for turn in range(6)]
    assert handed == ["b0", "b1", "a0", "a1", "a2", None]


@given(counts=st.lists(st.integers(0, 6), max_size=5), turns=st.randoms(use_true_random=False))
def test_without_failures_every_chunk_is_handed_out_exactly_once(counts: list[int], turns: "object") -> None:
    schedule = schedule_of(**{f"clip{number}": count for number, count in enumerate(counts)})
    actors = ["x", "y", "z"]
    seen: Counter[str | None] = Counter()
    for _ in range(sum(counts) + 3):
        actor = turns.choice(actors)  # type: ignore[attr-defined]
        seen[label(schedule.next_for(actor, [other for other in actors if other != actor]))] += 1
    expected = Counter(f"clip{number}{index}" for number, count in enumerate(counts) for index in range(count))
    assert seen == expected + Counter({None: 3})


def test_a_failed_chunk_goes_to_another_actor_first() -> None:
    schedule = schedule_of(a=1, b=1)
    work = schedule.next_for("x", ["y"])
    assert work is not None
    schedule.retry(work, "x")
    assert label(schedule.next_for("x", ["y"])) == "b0", "x has failed at a0, and y lives"
    assert schedule.next_for("x", ["y"]) is None
    assert label(schedule.next_for("y", ["x"])) == "a0"


def test_a_failed_chunk_comes_before_new_ones() -> None:
    schedule = schedule_of(a=3)
    work = schedule.next_for("x", ["y"])
    assert work is not None
    schedule.retry(work, "x")
    assert label(schedule.next_for("y", ["x"])) == "a0"


def test_the_only_actor_tries_again_itself() -> None:
    schedule = schedule_of(a=1)
    work = schedule.next_for("x", [])
    assert work is not None
    schedule.retry(work, "x")
    assert label(schedule.next_for("x", [])) == "a0"


def test_where_all_have_failed_any_may_try_again() -> None:
    schedule = schedule_of(a=1)
    for actor, others in (("x", ["y"]), ("y", ["x"])):
        work = schedule.next_for(actor, others)
        assert work is not None
        schedule.retry(work, actor)
    assert label(schedule.next_for("x", ["y"])) == "a0"


@pytest.mark.parametrize("actors", [1, 2, 3, 8])
def test_a_chunk_is_tried_at_most_three_times_more(actors: int) -> None:
    assert MAX_RETRIES == 3
    schedule = schedule_of(a=1)
    names = [f"actor-{number}" for number in range(actors)]
    attempts: list[str] = []
    while True:
        offers = ((name, schedule.next_for(name, [other for other in names if other != name])) for name in names)
        name, work = next((name, work) for name, work in offers if work is not None)
        assert work.tries == Tries(failed=len(attempts))
        assert work.tried_on == frozenset(attempts)
        attempts.append(name)
        if schedule.retry(work, name) is None:
            break
    assert len(attempts) == 1 + MAX_RETRIES
    assert len(set(attempts)) == min(actors, 1 + MAX_RETRIES), "each time by another actor, as long as there is one"
    assert not schedule.waiting


@given(fates=st.lists(st.booleans(), max_size=60), workers=st.integers(1, 4))
def test_whatever_fails_each_chunk_is_done_once_or_given_up(fates: list[bool], workers: int) -> None:
    schedule = schedule_of(a=3, b=2)
    names = [f"actor-{number}" for number in range(workers)]
    luck = iter(fates)
    ends: Counter[str | None] = Counter()
    idle = 0
    while schedule.waiting:
        for name in names:
            work = schedule.next_for(name, [other for other in names if other != name])
            idle = 0 if work else idle + 1
            assert idle <= workers, "something waits, but nobody may do it"
            if work and (next(luck, True) or schedule.retry(work, name) is None):
                ends[label(work)] += 1
    assert ends == Counter(["a0", "a1", "a2", "b0", "b1"])


def test_drop_forgets_one_clip_only() -> None:
    schedule = schedule_of(a=2, b=2)
    failed = schedule.next_for("x", [])
    assert failed is not None
    schedule.retry(failed, "x")
    schedule.drop("a")
    assert [label(schedule.next_for("x", [])) for _ in range(3)] == ["b0", "b1", None]


def test_work_that_an_actor_cannot_do_as_it_should_goes_to_another_one_and_uses_up_no_retry() -> None:
    schedule = schedule_of(a=1, b=1)
    work = schedule.next_for("x", ["y"])
    assert work is not None
    schedule.pass_on(work, "x")
    assert label(schedule.next_for("x", ["y"])) == "b0"
    assert schedule.next_for("x", ["y"]) is None
    again = schedule.next_for("y", ["x"])
    assert again is not None
    assert (label(again), again.tries, again.tried_on) == ("a0", Tries(), {"x"})


@given(fates=st.lists(st.sampled_from(CAUSES), max_size=60))
def test_each_cause_is_bounded_by_its_own_number(fates: list[Cause]) -> None:
    schedule, ended = schedule_of(a=1), Counter[Cause]()
    for number, cause in enumerate(fates, start=1):
        work = schedule.next_for("x", [])
        assert work is not None
        assert work.attempt == number
        assert work.tries == Tries(**ended)
        ended[cause] += 1
        if schedule.retry(work, "x", cause) is None:
            assert ended[cause] == BOUNDS[cause]
            break
    else:
        assert all(ended[cause] < bound for cause, bound in BOUNDS.items())


@pytest.mark.parametrize(("cause", "most"), [("gpu_lost", 3), ("node_lost", 10)])
def test_a_chunk_that_may_be_what_kills_them_is_given_up(cause: Cause, most: int) -> None:
    tries: Tries | None = Tries()
    for _ in range(most - 1):
        assert tries is not None
        tries = tries.after(cause)
    assert tries is not None
    assert tries.failed == 0, "it costs no retry"
    assert tries.after(cause) is None


def test_machines_that_are_taken_away_cost_nothing_however_many() -> None:
    tries: Tries | None = Tries()
    for _ in range(1000):
        assert tries is not None
        tries = tries.after("preempted")
    assert tries is not None
    assert (tries.failed, tries.all) == (0, 1000)


def test_a_chunk_waits_for_an_actor_on_its_clips_device() -> None:
    schedule = Schedule()
    schedule.add("a", chunks(1), "cuda")
    schedule.add("b", chunks(2), "cpu")
    assert label(schedule.next_for("x", ["x"], device="cpu")) == "b0"
    failed = schedule.next_for("x", ["x"], device="cpu")
    assert failed is not None
    schedule.retry(failed, "x")
    assert label(schedule.next_for("y", ["y"], device="cuda")) == "a0"
    assert schedule.next_for("y", ["y"], device="cuda") is None, "tried again on the same device"
    assert label(schedule.next_for("x", ["x"], device="cpu")) == "b1"
