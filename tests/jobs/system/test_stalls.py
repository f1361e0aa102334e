"""Who stands still while the driver listens is ended; time in which the driver was elsewhere counts against nobody.

Actors are stubs without Ray, and the clock is the test's own.
"""

from types import SimpleNamespace
from typing import Any

import pytest
from vidsharp.jobs.engine import actors
from vidsharp.jobs.engine.actors import STALL_S, ActorPool
from vidsharp.jobs.engine.pool import PoolPlan

ACTORS = 10
TURN = 0.25


class Stub:
    """An actor that does a step in each second, unless it hangs; and its own handle."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._hung_at: int | None = None
        for name in ("load", "prepare", "sharpen", "frames_done"):
            setattr(self, name, SimpleNamespace(remote=lambda *_, name=name: self._call(name)))

    def hang(self) -> None:
        self._hung_at = int(self._world.now)

    def _call(self, name: str) -> object:
        answer = object()
        if name == "load":
            self._world.ready[answer] = "a node"
        elif name == "frames_done":
            self._world.ready[answer] = int(self._world.now) if self._hung_at is None else self._hung_at
        return answer


class World:
    """A clock, and what `actors` asks of Ray: its answers are there at once, or never."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.stubs: list[Stub] = []
        self.ready: dict[object, Any] = {}
        self.killed: list[Stub] = []

    def monotonic(self) -> float:
        return self.now

    def remote(self, _: type) -> Any:
        def start(*_: Any) -> Stub:
            self.stubs.append(Stub(self))
            return self.stubs[-1]

        return SimpleNamespace(options=lambda **_: SimpleNamespace(remote=start))

    def wait(self, references: list[object], timeout: float, num_returns: int = 1) -> tuple[list[object], list[object]]:
        self.now += timeout
        return [each for each in references if each in self.ready], []

    def get(self, reference: object) -> Any:
        return self.ready[reference]

    def kill(self, handle: Stub) -> None:
        self.killed.append(handle)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = World()
    monkeypatch.setattr(actors, "ray", made)
    monkeypatch.setattr(actors, "time", made)
    return made


@pytest.fixture
def pool(world: World) -> ActorPool:
    """All actors at work."""
    pool = ActorPool(PoolPlan(actors=ACTORS, threads=1, gpus=0, device="cpu"), "fast", 1.0)
    pool.answers(TURN)
    for name in pool.idle():
        pool.prepare(name, (), "a recording")
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
    pool = ActorPool(PoolPlan(actors=1, threads=1, gpus=0, device="cpu"), "fast", 1.0, stall_s=1.5)
    pool.answers(TURN)
    (name,) = pool.idle()
    pool.prepare(name, (), "a recording")
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
    hung.hang()
    listen(pool, world, STALL_S / 2)
    world.now += away
    listen(pool, world, STALL_S / 2 - 10)
    assert not world.killed
    listen(pool, world, 20)
    assert world.killed == [hung]
