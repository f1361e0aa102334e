"""Which clip a worker joins next, and how often one is tried."""

from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.engine.tries import MAX_RETRIES
from vidsharp.jobs.files.clips import Clip
from vidsharp.jobs.processing.clip_work import ClipWork
from vidsharp.jobs.processing.join_queue import LOOKED_AT, JoinQueue
from vidsharp.pipeline.chunk_record import ChunkDone
from vidsharp.pipeline.workspace import Workspace

UNKNOWN: dict[str, Any] = {"info": None, "encoder": None, "seen": None, "fingerprint": None, "chunks": (), "sample": ()}


def clip(name: str, *nodes: str) -> ClipWork:
    """A clip whose chunks were made on these machines."""
    done = {index: ChunkDone(index, 10, node) for index, node in enumerate(nodes)}
    path = Path("/calls", name)
    return ClipWork(Clip(path, Path(name)), Workspace(path, "key"), reused=frozenset(), began=0.0, done=done, **UNKNOWN)


@pytest.fixture
def queue() -> JoinQueue:
    queue = JoinQueue()
    for work in (clip("a", "x", "y", "y"), clip("b", "x", "x"), clip("c", "z")):
        queue.add(work)
    return queue


def taken(queue: JoinQueue, actor: str, node: str | None, *others: str) -> str | None:
    join = queue.next_for(actor, node, others)
    return join and join.work.clip.name


def test_a_clip_goes_to_the_machine_that_made_most_of_it(queue: JoinQueue) -> None:
    assert taken(queue, "1", "x") == "b"
    assert taken(queue, "1", "x") == "a"
    assert taken(queue, "1", "x") == "c", "and to any, rather than wait"
    assert taken(queue, "1", "x") is None
    assert set(queue.at_work) == {"a", "b", "c"}


def test_where_no_machine_is_nearer_the_first_comes_first(queue: JoinQueue) -> None:
    assert [taken(queue, "1", None) for _ in range(3)] == ["a", "b", "c"]


def test_however_many_wait_the_first_do_not_wait_for_ever() -> None:
    queue = JoinQueue()
    for number in range(3 * LOOKED_AT):
        queue.add(clip(str(number), "x" if number >= LOOKED_AT else "y"))
    assert taken(queue, "1", "x") == "0", "those far behind are not looked for"


def test_a_clip_that_failed_on_an_actor_goes_to_another_one(queue: JoinQueue) -> None:
    join = queue.next_for("1", "x", ["2"])
    assert join
    assert queue.retry(join, "1")
    assert taken(queue, "1", "x", "2") == "a"
    assert taken(queue, "2", "q", "1") == "b", "it comes before the others"


def test_it_comes_back_to_the_only_actor(queue: JoinQueue) -> None:
    join = queue.next_for("1", "x", [])
    assert join
    assert queue.retry(join, "1")
    assert taken(queue, "1", "x") == "b"


def test_it_is_not_tried_for_ever(queue: JoinQueue) -> None:
    tries = 0
    join = queue.next_for("1", "z", [])
    while join is not None and queue.retry(join, "1"):
        tries += 1
        assert tries <= MAX_RETRIES
        join = next(other for other in queue.waiting if other.work.clip.name == "c")
        queue.waiting.remove(join)
    assert tries == MAX_RETRIES
