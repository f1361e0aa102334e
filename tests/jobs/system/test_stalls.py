"""Who stands still while the driver listens is ended; time in which the driver was elsewhere counts against nobody.

The engine is a stub, and the clock is the test's own.
"""

from collections.abc import Collection
from typing import Any

import pytest
from vidsharp.jobs.engine import actors
from vidsharp.jobs.engine.actors import STALL_S, ActorPool
from vidsharp.jobs.engine.pool import PoolPlan

ACTORS = 10
TURN = 0.25


class Stub:
    """A worker that does a step in each second, unless it hangs."""

    def __init__(self) -> None:
        self.hung_at: int | None = None
        self.asked = False


class World:
    """A clock, and an engine whose answers are there at once, or never."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.stubs: list[Stub] = []
        self.loads: set[object] = set()
        self.killed: list[Stub] = []

    def monotonic(self) -> float:
        return self.now

    # The engine, as far as a pool asks for it.

    def start(self, *_: Any, name: str) -> Stub:
        self.stubs.append(Stub())
        return self.stubs[-1]

    def submit(self, worker: Stub, method: str, *_: Any) -> object:
        call = object()
        if method == "load":
            self.loads.add(call)
        return call

    def wait(self, calls: Collection[object], timeout_s: float) -> list[object]:
        answered = [call for call in calls if call in self.loads]
        self.now += 0 if answered else timeout_s
        return answered

    def result(self, call: object) -> str:
        return "a node"

    def steps(self, worker: Stub) -> int | None:
        worker.asked = not worker.asked  # Ray's answer comes when the next question is asked
        if worker.asked:
            return None
        return int(self.now) if worker.hung_at is None else worker.hung_at

    def kill(self, worker: Stub) -> None:
        self.killed.append(worker)


TASK: Any = object()
"""Nobody looks into it."""


def pool_of(world: World, workers: int, **options: Any) -> ActorPool:
    engine: Any = world
    return ActorPool(engine, PoolPlan(actors=workers, threads=1, gpus=0, device="cpu"), "fast", 1.0, **options)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(actors, "time", made)
    return made


@pytest.fixture
def pool(world: World) -> ActorPool:
    """All actors at work."""
    pool = pool_of(world, ACTORS)
    pool.answers(TURN)
    for name in pool.idle():
        pool.prepare(name, TASK, "a recording")
    assert not pool.idle()
    return pool


def listen(pool: ActorPool, world: World, seconds: float) -> None:
    """The driver's loop."""
    end = world.now + seconds
    while world.now < end:
        pool.answers(TURN)
        list(pool.frames_done())


@pytest.mark.parametrize("away", [700.0, 1e6])
@pytest.mark.parametrize("turns", [0.0, TURN, 10.0])
def test_who_gets_on_while_the_driver_is_elsewhere_is_not_ended(
    pool: ActorPool, world: World, away: float, turns: float
) -> None:
    """As where tables are written to a slow disk, again and again."""
    listen(pool, world, 5)
    for _ in range(20):
        world.now += away
        pool.answers(0)
        list(pool.frames_done())
        listen(pool, world, turns)
    assert not world.killed


def test_a_driver_with_little_patience_is_fair_too(world: World) -> None:
    pool = pool_of(world, 1, stall_s=1.5)
    pool.answers(TURN)
    (name,) = pool.idle()
    pool.prepare(name, TASK, "a recording")
    for _ in range(20):
        world.now += 3
        pool.answers(0)
        list(pool.frames_done())
    assert not world.killed


@pytest.mark.parametrize("away", [0.0, 700.0])
def test_who_hangs_is_ended_once_the_driver_has_listened_long_enough(
    pool: ActorPool, world: World, away: float
) -> None:
    hung = world.stubs[3]
    listen(pool, world, 5)
    hung.hung_at = int(world.now)
    listen(pool, world, STALL_S / 2)
    world.now += away
    listen(pool, world, STALL_S / 2 - 10)
    assert not world.killed
    listen(pool, world, 20)
    assert world.killed == [hung]
