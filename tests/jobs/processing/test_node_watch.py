"""A run on a cluster asks for actors as machines come and go and its work comes to an end."""

from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from vidsharp.jobs.engine.pool import Shape, plan_pool
from vidsharp.jobs.engine.schedule import Work
from vidsharp.jobs.engine.wanted import AHEAD
from vidsharp.jobs.files.clips import Clip
from vidsharp.jobs.processing import node_watch
from vidsharp.jobs.processing.clip_states import ClipStates, Waiting
from vidsharp.jobs.processing.node_watch import NodeWatch
from vidsharp.pipeline.plan import Chunk, PacketMark
from vidsharp.pipeline.workspace import Workspace

HEAD: dict[str, float] = {"memory": 1e9}
EIGHT: dict[str, float] = {"CPU": 8.0}


class Cluster:
    """An engine whose machines the test says, and the pool on it."""

    grows = True

    def __init__(self, *machines: dict[str, float]) -> None:
        self.machines = [*machines]
        self.shapes: list[Shape] = []
        self.ready_ones: list[str] = []

    def nodes(self) -> list[dict[str, float]]:
        return self.machines

    def fit(self, shapes: list[Shape]) -> None:
        self.shapes = shapes

    def ready(self) -> list[str]:
        return self.ready_ones


def waiting_chunks(count: int) -> deque[Work]:
    mark = PacketMark(0, 0, 0, 1)
    return deque(Work("a.mp4", Chunk(index, None, None, mark, None, 1, 1)) for index in range(count))


@pytest.fixture
def states() -> ClipStates:
    """With a hundred chunks that wait."""
    states = ClipStates()
    states.schedule.waiting = waiting_chunks(100)
    return states


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Seconds that pass at each look."""
    now = iter(range(10_000, 10**9, 10))
    monkeypatch.setattr(node_watch, "time", SimpleNamespace(monotonic=lambda: float(next(now))))


def watch_of(cluster: Any, workers: int | None = None) -> NodeWatch:
    return NodeWatch(cluster, plan_pool(cluster.nodes(), "auto", workers), workers)


def test_what_machines_have_is_remembered_when_they_are_gone(clock: None, states: ClipStates) -> None:
    cluster: Any = Cluster(HEAD)
    watch = watch_of(cluster)
    watch.look(cluster, states)
    assert cluster.shapes == [Shape(1)], "one asks for the first machine"
    cluster.machines = [HEAD, EIGHT]
    watch.look(cluster, states)
    assert cluster.shapes == [Shape(4)] * (2 + AHEAD)
    cluster.machines = [HEAD]
    watch.look(cluster, states)
    assert cluster.shapes == [Shape(4)]
    assert watch.wanted == 1


def test_clips_chunks_and_joins_that_are_left_are_work(clock: None, states: ClipStates) -> None:
    cluster: Any = Cluster(*[EIGHT] * 100)
    watch = watch_of(cluster)
    clip: Any = None
    for left in (3, 2, 1, 0):
        states.schedule.waiting = waiting_chunks(left)
        states.joins.waiting = deque([clip])
        watch.look(cluster, states)
        assert len(cluster.shapes) == left + 1
    states.to_prepare.append(Waiting(Clip(Path("b.mp4"), Path("b.mp4")), Workspace(Path("b"), ""), clip))
    watch.look(cluster, states)
    assert len(cluster.shapes) == 200, "it may have any number of chunks"


def test_a_run_that_waits_for_a_machine_says_for_what(
    clock: None, states: ClipStates, caplog: pytest.LogCaptureFixture
) -> None:
    cluster: Any = Cluster(HEAD, EIGHT)
    watch = watch_of(cluster)
    cluster.ready_ones = ["actor-0"]
    watch.look(cluster, states)
    cluster.machines, cluster.ready_ones = [HEAD], []
    for _ in range(20):
        watch.look(cluster, states)
    assert set(caplog.messages) == {"no node has 4 CPUs free for a sharpening process; waiting for one"}
    assert 1 <= len(caplog.messages) <= 3, "about once a minute"
