"""A pool becomes what a run has a use for: actors are started, and those without work are ended; work is never cut off.

The engine is a stub: calls are answered when the test says so.
"""

from collections import Counter
from collections.abc import Collection
from typing import Any

import hypothesis.strategies as st
from hypothesis import given, settings
from vidsharp.jobs.engine.actors import ActorPool
from vidsharp.jobs.engine.node import NodeError
from vidsharp.jobs.engine.pool import PoolPlan, Shape
from vidsharp.models.gpu.settings import GpuSettings

NONE = PoolPlan(actors=0, threads=1, gpus=0, device="cpu")
TASK: Any = object()
ONE, FOUR = Shape(1), Shape(4)


class Machines:
    """Workers are numbers, and those in `placed` have found room."""

    def __init__(self) -> None:
        self.shapes: list[Shape] = []
        self.names: list[str] = []
        self.told: list[tuple[Any, ...]] = []
        """What each was told to load."""
        self.placed, self.killed, self.ended = set[int](), set[int](), set[int]()
        self.room = True
        self.blind = set[int]()
        """Workers whose machines do not see the run's folders."""

    def start(self, worker_class: type, threads: int, gpus: float, *_: Any, name: str) -> int:
        self.shapes.append(Shape(threads, gpus))
        self.names.append(name)
        if self.room:
            self.placed.add(len(self.shapes) - 1)
        return len(self.shapes) - 1

    def submit(self, worker: int, method: str, *told: Any) -> tuple[int, str, object]:
        if method == "load":
            self.told.append(told)
        return worker, method, object()

    def wait(self, calls: Collection[Any], timeout_s: float) -> list[Any]:
        return [call for call in calls if call[0] in (self.placed if call[1] == "load" else self.ended)]

    def result(self, call: Any) -> str:
        if call[0] in self.blind:
            raise NodeError("a node does not see them")
        return "a node"

    def kill(self, worker: int) -> None:
        self.killed.add(worker)

    def end(self, worker: int) -> None:
        """Its work is done."""
        self.ended.add(worker)

    @property
    def living(self) -> Counter[Shape]:
        return Counter(shape for worker, shape in enumerate(self.shapes) if worker not in self.killed)


def pool_on(machines: Any, plan: PoolPlan = NONE) -> ActorPool:
    return ActorPool(machines, plan, "fast", 1.0)


def fit(pool: ActorPool, *shapes: Shape) -> None:
    pool.fit(shapes)
    pool.answers(0)


def test_what_lacks_is_started_and_has_a_name_of_its_own() -> None:
    machines = Machines()
    pool, other = pool_on(machines), pool_on(machines)
    fit(pool, ONE, FOUR, FOUR)
    fit(other, ONE)
    assert machines.living == {ONE: 2, FOUR: 2}
    assert len(set(machines.names)) == 4, "runs on one cluster do not get in each other's way"
    assert all(name.startswith("vidsharp-") for name in machines.names)
    fit(pool, ONE, FOUR, FOUR)
    assert len(machines.shapes) == 4


def test_all_actors_compute_on_a_gpu_as_the_trial_of_the_run_found_it_right() -> None:
    """One that decided by itself might give a clip's next chunk other bits."""
    machines, found = Machines(), GpuSettings("float16", batch=3)
    plan = PoolPlan(actors=2, threads=2, gpus=1, device="cuda", gpu=found)
    fit(pool_on(machines, plan), *[plan.shape] * 3, Shape(1))
    assert [(told[1], told[-1]) for told in machines.told] == [("cuda", found)] * 3 + [("cpu", None)]


def test_at_the_tail_those_without_work_are_ended_and_the_others_are_not() -> None:
    machines = Machines()
    pool = pool_on(machines)
    fit(pool, *[FOUR] * 5)
    busy = pool.idle()[1:3]
    for name in busy:
        pool.do(name, TASK, "work")
    fit(pool, FOUR)
    assert pool.names() == busy, "more are at work than the run will have a use for"
    assert len(machines.killed) == 3


def test_those_that_wait_for_a_machine_are_ended_before_those_that_have_one() -> None:
    machines = Machines()
    pool = pool_on(machines)
    fit(pool, FOUR, FOUR)
    machines.room = False
    fit(pool, *[FOUR] * 6)
    assert pool.crew().by_state == {"starting": 4, "idle": 2, "busy": 0, "refused": 0}
    fit(pool, *[FOUR] * 2)
    assert pool.crew().by_state == {"starting": 0, "idle": 2, "busy": 0, "refused": 0}
    assert machines.killed == {2, 3, 4, 5}
    pool.answers(0)


def test_an_actor_that_was_started_before_machines_were_known_makes_room_once_it_is_idle() -> None:
    machines = Machines()
    pool = pool_on(machines)
    fit(pool, ONE)
    (scout,) = pool.idle()
    pool.do(scout, TASK, "work")
    fit(pool, FOUR, FOUR)
    assert machines.living == {ONE: 1, FOUR: 1}, "it keeps its core as long as it works"
    pool._actors[scout].about = None
    fit(pool, FOUR, FOUR)
    assert machines.living == {FOUR: 2}


def test_one_that_is_larger_than_wanted_now_keeps_what_it_has() -> None:
    machines = Machines()
    pool = pool_on(machines)
    fit(pool, FOUR)
    fit(pool, ONE, ONE)
    assert machines.living == {FOUR: 1, ONE: 1}


def test_those_that_get_no_work_take_nobodys_place_at_the_tail() -> None:
    machines = Machines()
    machines.blind = {0, 1, 2}
    pool = pool_on(machines)
    fit(pool, *[FOUR] * 4)
    assert pool.crew().by_state == {"starting": 0, "idle": 1, "busy": 0, "refused": 3}
    fit(pool, FOUR)
    assert len(pool.idle()) == 1, "else the last chunk would wait for ever"
    fit(pool, *[FOUR] * 4)
    assert len(machines.shapes) == 4, "nor is another one started on a machine that cannot do the work"


def test_cores_and_gpus_are_those_of_actors_that_are_ready() -> None:
    machines = Machines()
    pool = pool_on(machines)
    fit(pool, Shape(4, 0.5), Shape(4, 0.5))
    machines.room = False
    fit(pool, *[Shape(4, 0.5)] * 3)
    assert (pool.crew().cores, pool.crew().gpus) == (8, 1.0)


shapes = st.lists(st.builds(Shape, st.integers(1, 4)), max_size=8)


@settings(max_examples=200, deadline=None)
@given(wishes=st.lists(st.tuples(shapes, st.sets(st.integers(0, 9)), st.booleans()), max_size=8))
def test_whatever_is_wanted_one_after_the_other_nobody_at_work_is_ended(
    wishes: list[tuple[list[Shape], set[int], bool]],
) -> None:
    machines = Machines()
    pool = pool_on(machines)
    for wanted, put_to_work, machines.room in wishes:
        before = {name: actor for name, actor in pool._actors.items() if actor.about is not None}
        fit(pool, *wanted)
        assert set(before) <= set(pool.names())
        assert len(pool.names()) == max(len(wanted), len(before)), "as many as are wanted, and those at work"
        for place, name in enumerate(pool.idle()):
            if place in put_to_work:
                pool.do(name, TASK, "work")
    pool.stop()
    assert not machines.living


def test_who_works_for_nothing_is_ended_but_not_who_has_just_finished() -> None:
    """Of two that did the same, both may have answered at once: the second one has other work soon."""
    machines = Machines()
    pool = pool_on(machines)
    fit(pool, ONE, ONE)
    busy, finished = pool.idle()
    for name in (busy, finished):
        pool.do(name, TASK, "the same work")
    machines.end(1)
    assert [answer.actor for answer in pool.answers(0)] == [finished]
    for name in (busy, finished, "of an actor that has died"):
        pool.end_work(name)
    assert machines.killed == {0}
