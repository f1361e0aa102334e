"""A process whose GPU is lost to it gets no second chunk, and what fails again and again ends."""

import os
from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs import process
from vidsharp.jobs.engine import actors
from vidsharp.jobs.engine.actor import SharpenActor
from vidsharp.jobs.engine.actors import MAX_LOST_GPUS, ActorPool
from vidsharp.jobs.engine.engines import EngineName
from vidsharp.jobs.engine.pool import PoolPlan, Shape
from vidsharp.jobs.engine.protocol import ClusterError, NodeLost
from vidsharp.jobs.engine.schedule import Work
from vidsharp.jobs.engine.tries import BOUNDS
from vidsharp.jobs.engine.work_result import WorkResult
from vidsharp.models.errors import DeviceError, GpuLost
from vidsharp.pipeline.plan import Chunk, PacketMark

from tests.support import media, runs

LOST = GpuLost("The GPU failed (CUDA error: unspecified launch failure); this process cannot use it any more.")
TASK: Any = object()
"""Nobody looks into it."""


class Stub:
    """An engine whose calls are answered at once, by what the test says."""

    def __init__(self, *loads: Exception | None) -> None:
        self._loads = list(loads)
        self.started, self.killed = 0, set[int]()
        self.answer: Exception | None = None

    def start(self, *_: Any, name: str) -> int:
        self.started += 1
        return self.started

    def submit(self, worker: int, method: str, *_: Any) -> tuple[int, Exception | None]:
        load = self._loads.pop(0) if self._loads and method == "load" else None
        return worker, load if method == "load" else self.answer

    def wait(self, calls: Collection[Any], timeout_s: float) -> list[Any]:
        return list(calls)

    def result(self, call: Any) -> None:
        if call[1] is not None:
            raise call[1]

    def kill(self, worker: int) -> None:
        self.killed.add(worker)


def pool_of(engine: Any, workers: int = 1) -> ActorPool:
    pool = ActorPool(engine, PoolPlan(actors=workers, threads=1, gpus=1, device="cuda"), "fast", 1.0)
    pool.answers(0)
    return pool


def work() -> Work:
    return Work("a.mp4", Chunk(0, None, None, PacketMark(0, 0, 0, 1), None, 1, 1))


def do(pool: ActorPool, engine: Stub, answer: Exception | None) -> WorkResult:
    """Has a chunk done, which gets that answer."""
    engine.answer = answer
    pool.sharpen(pool.idle()[0], TASK, None, work())
    (done,) = pool.answers(0)
    pool.answers(0)  # its successor has loaded
    return done


def test_it_is_ended_and_another_one_takes_its_place() -> None:
    engine = Stub()
    pool = pool_of(engine)
    (before,) = pool.names()
    answer = do(pool, engine, LOST)
    assert (answer.error, answer.permanent, answer.sentence) == (LOST, False, str(LOST))
    assert engine.killed == {1}
    assert engine.started == 2
    assert pool.idle() == pool.names() != [before]


def test_whoever_is_said_to_have_died_is_ended() -> None:
    """It may live, and only be out of reach: with a core, or a GPU, that its successor waits for."""
    engine = Stub()
    pool = pool_of(engine)
    assert isinstance(do(pool, engine, NodeLost("Socket closed")).error, NodeLost)
    assert engine.killed == {1}
    assert engine.started == 2


def test_gpus_that_are_lost_again_and_again_end_the_run() -> None:
    engine = Stub()
    pool = pool_of(engine)
    for _ in range(MAX_LOST_GPUS - 1):
        do(pool, engine, LOST)
    with pytest.raises(ClusterError) as caught:
        do(pool, engine, LOST)
    assert str(caught.value) == (
        "The GPU failed (CUDA error: unspecified launch failure); this process cannot use it any more, nor could 5 "
        "before it, and no chunk was finished between; run the same command again to go on, or with --device cpu"
    )


def test_a_chunk_that_is_finished_between_shows_that_it_goes_on() -> None:
    engine = Stub()
    pool = pool_of(engine)
    for _ in range(3 * MAX_LOST_GPUS):
        do(pool, engine, LOST)
        assert do(pool, engine, None).error is None
    assert engine.started == 1 + 3 * MAX_LOST_GPUS


@pytest.mark.parametrize("error", [LOST, DeviceError("The GPU has not enough free memory for the student 'fast'.")])
def test_a_gpu_that_cannot_be_used_from_the_beginning_is_held_so_that_nobody_tries_it_again(error: Exception) -> None:
    engine = Stub(None, error, None)
    pool = pool_of(engine, 3)
    assert len(pool.idle()) == len(pool.names()) == 2
    pool.fit([Shape(1, 1, "cuda")] * 3)
    assert engine.started == 3
    assert engine.killed == set()
    pool.stop()
    assert engine.killed == {1, 2, 3}


def test_where_no_gpu_can_be_used_the_run_ends() -> None:
    with pytest.raises(GpuLost, match="unspecified launch failure"):
        pool_of(Stub(LOST, LOST), 2)


def losing_actor(notes: Path, times: int) -> type[SharpenActor]:
    """An actor that loses its GPU at the second chunk of a clip, the first `times` times, and from then on fails at
    whatever it gets, in no time."""

    class Losing(SharpenActor):
        lost = False

        def sharpen(self, task: Any, measure: Any, far: Any = None, work: Any = None) -> Any:
            losses = len(notes.read_text().splitlines()) if notes.exists() else 0
            self.lost = self.lost or (task.chunk.index == 1 and losses < times)
            if self.lost:
                with notes.open("a") as file:
                    file.write(f"{os.getpid()}\n")
                raise GpuLost("The GPU failed.")
            return super().sharpen(task, measure, far, work)

    return Losing


@pytest.mark.parametrize(("times", "status"), [(BOUNDS["gpu_lost"] - 1, "done"), (BOUNDS["gpu_lost"], "failed")])
def test_the_chunk_goes_to_another_process_and_no_process_gets_a_second_one(
    engine: EngineName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, times: int, status: str
) -> None:
    notes = tmp_path / "notes"
    monkeypatch.setattr(actors.ActorPool, "actor_class", losing_actor(notes, times))
    clip = runs.clip(tmp_path / "calls" / "a.mp4")
    (row,) = process(runs.config(clip.path, tmp_path / "out", engine=engine)).rows
    processes = notes.read_text().split()
    assert len(processes) == len(set(processes)) == times
    assert row["status"] == status, row
    if status == "done":
        assert row["retries"] == runs.table(tmp_path / "out", "chunks")["retries"].sum() == times
        assert media.frame_indices(tmp_path / "out" / "a.mp4") == list(range(60))
    else:
        assert row["error"] == f"The GPU failed. (tried {times} times)"
