"""Actors that die or fail: their work goes on elsewhere, and what always fails ends in one sentence."""

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file
from vidsharp.jobs import process
from vidsharp.jobs.engine import actors
from vidsharp.jobs.engine.actor import SharpenActor
from vidsharp.jobs.engine.actors import MAX_FAILED_STARTS, ActorPool
from vidsharp.jobs.engine.engines import EngineName, open_engine
from vidsharp.jobs.engine.pool import PoolPlan
from vidsharp.jobs.engine.protocol import ClusterError, NodeLost, WorkerDied
from vidsharp.jobs.engine.work_result import WorkResult
from vidsharp.jobs.processing.progress import NoWatcher
from vidsharp.models.errors import DeviceError
from vidsharp.models.nets.look import DEFAULT_LOOK
from vidsharp.pipeline.errors import ChunkError, EncoderError, MediaError, OutputError

from tests.support import media, runs
from tests.support.students import random_student, two_looks


class Killer(NoWatcher):
    """Kills the process of an actor (`kill -9`) as soon as a frame of the clip is done."""

    def __init__(self, engine: EngineName, times: int) -> None:
        self._title = runs.WORKERS[engine]
        self.left = times
        self.killed: set[int] = set()

    def clip_moved(self, clip: str, done: int) -> None:
        alive = [pid for pid in runs.descendants(self._title) if pid not in self.killed]
        if self.left and done and alive:
            os.kill(alive[0], signal.SIGKILL)
            self.killed.add(alive[0])
            self.left -= 1


@pytest.mark.slow
def test_a_killed_actor_is_replaced_and_the_result_is_the_same(engine: EngineName, tmp_path: Path) -> None:
    runs.clip(tmp_path / "call.mp4", frames=240, size=(320, 180))
    settings = {**runs.SLOW, "workers": 2, "engine": engine}
    killer = Killer(engine, 2)
    (row,) = process(runs.config(tmp_path / "call.mp4", tmp_path / "killed", **settings), killer).rows
    assert killer.left == 0, "nobody was killed"
    assert row["status"] == "done", row
    clips, chunks = runs.table(tmp_path / "killed"), runs.table(tmp_path / "killed", "chunks")
    assert clips.loc["call.mp4", "retries"] >= 1
    assert chunks["retries"].sum() == clips.loc["call.mp4", "retries"]
    assert list(chunks["chunk"]) == list(range(16))
    process(runs.config(tmp_path / "call.mp4", tmp_path / "calm", **settings))
    assert runs.table(tmp_path / "calm").loc["call.mp4", "retries"] == 0
    assert media.frame_hashes(tmp_path / "killed" / "call.mp4") == media.frame_hashes(tmp_path / "calm" / "call.mp4")
    assert runs.files(tmp_path / "killed") == {"call.mp4"}


def attempts(notes: Path) -> list[str]:
    return [line.split()[0] for line in notes.read_text().splitlines()]


def failing_actor(notes: Path, fails: str, error: Exception | None) -> type[SharpenActor]:
    """An actor that notes its process and fails at chunks of the clip `fails`: by `error`, or by dying."""

    class Failing(SharpenActor):
        # Local to this function, so that Ray sends the class itself and not the name of a test's module.
        def sharpen(self, task: Any, measure: Any, far: Any = None, work: Any = None) -> Any:
            if task.info.path.name == fails and task.chunk.index == 1:
                with notes.open("a") as file:
                    file.write(f"{os.getpid()}\n")
                if error is None:
                    os._exit(7)
                raise error
            return super().sharpen(task, measure, far, work)

    return Failing


def test_a_clip_that_takes_long_to_plan_is_waited_for(
    engine: EngineName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While one actor plans the only clip, nothing waits and nothing is under way; the run must not end there."""

    class Thinking(SharpenActor):
        def prepare(self, *arguments: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            time.sleep(1.5)
            return super().prepare(*arguments)

    monkeypatch.setattr(actors.ActorPool, "actor_class", Thinking)
    runs.clip(tmp_path / "call.mp4", frames=15)
    (row,) = process(runs.config(tmp_path / "call.mp4", tmp_path / "out", workers=2, engine=engine)).rows
    assert row["status"] == "done"


@pytest.mark.parametrize(
    ("error", "said", "tries"),
    [
        (ChunkError("chunk-00001 came out wrong"), "chunk-00001 came out wrong (tried 4 times)", 4),
        (ValueError("odd"), "ValueError: odd (tried 4 times)", 4),
        (None, "the process that worked on it died", 4),
        (OutputError("no space is left"), "no space is left", 1),
        (MediaError("the recording is gone"), "the recording is gone", 1),
    ],
)
@pytest.mark.slow
def test_what_always_fails_is_given_up_and_stops_no_other_clip(
    engine: EngineName,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception | None,
    said: str,
    tries: int,
) -> None:
    notes = tmp_path / "notes"
    monkeypatch.setattr(actors.ActorPool, "actor_class", failing_actor(notes, "bad.mp4", error))
    runs.clip(tmp_path / "calls" / "bad.mp4")
    runs.clip(tmp_path / "calls" / "good.mp4")
    rows = {row["clip"]: row for row in process(runs.config(tmp_path / "calls", tmp_path / "out", engine=engine)).rows}
    assert rows["good.mp4"]["status"] == "done"
    assert rows["bad.mp4"]["status"] == "failed"
    assert rows["bad.mp4"]["error"].startswith(said), rows["bad.mp4"]["error"]
    assert "\n" not in rows["bad.mp4"]["error"]
    assert len(attempts(notes)) == tries
    if error is None:
        assert len(set(attempts(notes))) == tries, "a dead process is replaced by a new one"
    assert "bad.mp4" not in runs.files(tmp_path / "out")


@pytest.mark.slow
def test_actors_that_die_before_they_are_ready_end_the_run(
    engine: EngineName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = tmp_path / "notes"

    class Stillborn(SharpenActor):
        def load(self, *_: Any, **__: Any) -> str:
            with notes.open("a") as file:
                file.write(f"{os.getpid()}\n")
            os._exit(7)

    monkeypatch.setattr(actors.ActorPool, "actor_class", Stillborn)
    runs.clip(tmp_path / "call.mp4", frames=15)
    with pytest.raises(ClusterError, match="die before they are ready") as caught:
        process(runs.config(tmp_path / "call.mp4", tmp_path / "out", engine=engine))
    assert "\n" not in str(caught.value)
    assert len(attempts(notes)) == MAX_FAILED_STARTS


def test_a_look_reaches_the_actors(engine: EngineName, tmp_path: Path) -> None:
    call = runs.clip(tmp_path / "call.mp4", frames=15).path
    two, one = two_looks(tmp_path / "two.safetensors"), tmp_path / "one.safetensors"
    save_file(random_student(looks=2).with_look(0).state_dict(), one)
    made = [
        process(runs.config(call, tmp_path / name, model=str(model), look=look, engine=engine))
        for name, model, look in (("natural", two, 0.0), ("default", two, None), ("one", one, None))
    ]
    assert [result.rows[0]["look"] for result in made] == [0.0, DEFAULT_LOOK, None]
    natural, default, alone = (
        media.frame_hashes(tmp_path / name / "call.mp4") for name in ("natural", "default", "one")
    )
    assert natural == alone != default


def test_what_becomes_of_chroma_reaches_the_actors(engine: EngineName, tmp_path: Path) -> None:
    call = runs.clip(tmp_path / "call.mp4", frames=15).path
    made = [
        process(runs.config(call, tmp_path / each, chroma=each, engine=engine)).rows[0] for each in ("keep", "restore")
    ]
    assert [row["chroma"] for row in made] == ["keep", "restore"]
    kept, restored = (media.frame_hashes(tmp_path / each / "call.mp4") for each in ("keep", "restore"))
    assert kept != restored


def test_a_student_that_cannot_be_loaded_ends_the_run(engine: EngineName) -> None:
    with open_engine(engine) as started:
        pool = ActorPool(started, PoolPlan(actors=1, threads=1, gpus=0, device="cuda:0"), "fast", 1.0)
        try:
            with pytest.raises(DeviceError, match="cuda:0"):
                pool.answers(120.0)
        finally:
            pool.stop()
    assert not pool.names()
    assert not pool.busy


@pytest.mark.parametrize(
    ("error", "permanent", "sentence"),
    [
        (MediaError("it is empty"), True, "it is empty"),
        (EncoderError("no such option"), True, "no such option"),
        (OutputError("no space is left"), True, "no space is left"),
        (ChunkError("one short"), False, "one short"),
        (RuntimeError("out of luck"), False, "RuntimeError: out of luck"),
        (
            WorkerDied("SIGKILL"),
            False,
            "the process that worked on it died (it ran out of memory, or a codec crashed)",
        ),
        (NodeLost("north"), False, "the process that worked on it died (its node was lost)"),
        (NodeLost("north", True), False, "the process that worked on it died (its node was taken away)"),
    ],
)
def test_answers_say_whether_to_try_again_and_why_not(error: Exception, permanent: bool, sentence: str) -> None:
    answer = WorkResult("actor-0", None, error=error)
    assert answer.permanent == permanent
    assert answer.sentence.startswith(sentence)


def hurting_actor(notes: Path, where: str, how: str, times: int) -> type[SharpenActor]:
    """An actor whose decoder hurts it, the first `times` times, in `prepare` or in `sharpen`: it crashes or hangs."""

    class Hurting(SharpenActor):
        def _decode_badly(self) -> None:
            done = len(notes.read_text()) if notes.exists() else 0
            if done < times:
                notes.write_text("x" * (done + 1))
                if how == "crash":
                    ctypes.string_at(0)  # a real SIGSEGV, as in a codec
                time.sleep(3600)

        def prepare(self, *arguments: Any) -> Any:  # pyright: ignore[reportIncompatibleMethodOverride]
            if where == "prepare":
                self._decode_badly()
            return super().prepare(*arguments)

        def sharpen(self, task: Any, measure: Any, far: Any = None, work: Any = None) -> Any:
            if where == "sharpen" and task.chunk.index == 1:
                from vidsharp.pipeline import sharpen_chunk as module

                decode, hurt = module.decode_chunk, self._decode_badly

                def one_picture_then_pain(*arguments: Any) -> Any:
                    for number, frame in enumerate(decode(*arguments)):
                        if number == 1:
                            hurt()
                        yield frame

                module.decode_chunk = one_picture_then_pain
                try:
                    return super().sharpen(task, measure, far, work)
                finally:
                    module.decode_chunk = decode
            return super().sharpen(task, measure, far, work)

    return Hurting


@pytest.mark.slow
@pytest.mark.parametrize("how", ["crash", "hang"])
@pytest.mark.parametrize("where", ["prepare", "sharpen"])
def test_a_decoder_that_crashes_or_hangs_costs_one_retry(
    engine: EngineName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str, how: str
) -> None:
    notes = tmp_path / "notes"
    monkeypatch.setattr(actors.ActorPool, "actor_class", hurting_actor(notes, where, how, 1))
    clip = runs.clip(tmp_path / "calls" / "a.mp4")
    (row,) = process(runs.config(clip.path, tmp_path / "out", stall_seconds=5, engine=engine)).rows
    assert notes.read_text() == "x", "nothing happened to it"
    assert (row["status"], row["retries"]) == ("done", 1), row
    assert media.frame_indices(tmp_path / "out" / "a.mp4") == list(range(60))
    assert runs.files(tmp_path / "out") == {"a.mp4"}, "nothing is left of the chunk that was begun"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("crash", "the process that worked on it died"),
        ("hang", "it stood still for 5 s, as where a codec hangs; --stall-seconds gives slow machines more"),
    ],
)
def test_a_decoder_that_always_crashes_or_hangs_fails_its_clip(
    engine: EngineName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, how: str, said: str
) -> None:
    notes = tmp_path / "notes"
    monkeypatch.setattr(actors.ActorPool, "actor_class", hurting_actor(notes, "sharpen", how, 99))
    clip = runs.clip(tmp_path / "calls" / "a.mp4")
    (row,) = process(runs.config(clip.path, tmp_path / "out", stall_seconds=5, engine=engine)).rows
    assert (row["status"], notes.read_text()) == ("failed", "xxxx"), row
    assert row["error"].startswith(said)
    assert row["error"].endswith("(tried 4 times)")
