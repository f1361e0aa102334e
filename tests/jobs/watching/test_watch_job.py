"""A watched folder: each recording is done once, when it is whole; nothing ends the watch that may pass."""

import logging
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.processing.process_result import ProcessResult
from vidsharp.jobs.processing.progress import NoWatcher
from vidsharp.jobs.processing.run_lock import RunLock
from vidsharp.jobs.watching import watch_job
from vidsharp.jobs.watching.watch_config import WatchConfig
from vidsharp.jobs.watching.watch_job import watch
from vidsharp.models.errors import ModelError
from vidsharp.pipeline.errors import OutputError

from tests.support import media, runs
from tests.support.local_pool import use_no_ray


class Over(Exception):
    """The end of a watch."""


class Log(NoWatcher):
    def __init__(self) -> None:
        self.ended: list[tuple[str, str]] = []

    def clip_ended(self, clip: str, status: str, error: str | None, fps: float | None) -> None:
        self.ended.append((clip, status))


@pytest.fixture(autouse=True)
def _no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    (tmp_path / "calls").mkdir()
    return tmp_path / "calls"


def config(calls: Path, **more: Any) -> WatchConfig:
    settings = {"inputs": (calls,), "out": calls.parent / "out", "page": False, "settle_seconds": 0.0, **more}
    return WatchConfig(**{**runs.QUICK, **settings})


def watched(
    calls: Path, between: Iterable[Callable[[], object]], log: Log | None = None, **more: Any
) -> tuple[list[tuple[str, str]], list[Any]]:
    """What ended, and the outcomes of all runs, of a watch whose pauses do these things, one each; then it is over."""
    log, outcomes, pauses = log or Log(), list[Any](), iter([*between])

    def pause(seconds: float) -> None:
        assert 0 <= seconds <= watch_job.LONGEST_WAIT_S
        try:
            next(pauses)()
        except StopIteration:
            raise Over from None

    with pytest.raises(Over):
        watch(config(calls, **more), log, outcomes.append, pause)
    return log.ended, outcomes


def nothing() -> None: ...


def test_what_comes_is_done_once_and_what_changes_again(calls: Path) -> None:
    def come() -> None:
        runs.clip(calls / "b" / "two.mp4", frames=5)

    def downloaded_again() -> None:
        runs.clip(calls / "one.mp4", frames=7)

    runs.clip(calls / "one.mp4", frames=5)
    ended, outcomes = watched(calls, [nothing, come, nothing, nothing, downloaded_again, nothing], overwrite=True)
    assert ended == [("one.mp4", "done"), ("b/two.mp4", "done"), ("one.mp4", "done")]
    assert [type(each) for each in outcomes] == [ProcessResult] * 3
    assert media.frame_indices(calls.parent / "out" / "one.mp4") == list(range(7))
    again, _ = watched(calls, [nothing])
    assert sorted(again) == [("b/two.mp4", "skipped"), ("one.mp4", "skipped")], "nothing is done again after a restart"


def test_a_recording_that_is_being_written_is_left_alone(calls: Path) -> None:
    whole = runs.clip(calls.parent / "whole.mp4", frames=5).path.read_bytes()

    def write(size: int) -> Callable[[], object]:
        return lambda: (calls / "call.mp4").write_bytes(whole[:size])

    parts = [write(size) for size in (10, 500, 1000, len(whole))]
    ended, _ = watched(calls, [*parts, nothing], settle_seconds=1000.0)
    assert ended == []
    ended, _ = watched(calls, [nothing])
    assert ended == [("call.mp4", "done")]


def test_a_bad_recording_is_told_once_and_tried_again_when_it_changes(calls: Path) -> None:
    (calls / "call.mp4").write_text("no video")
    ended, _ = watched(calls, [nothing, nothing, lambda: runs.clip(calls / "call.mp4", frames=5), nothing])
    assert ended == [("call.mp4", "failed"), ("call.mp4", "done")]


def test_a_folder_that_vanishes_is_said_once_and_taken_up_when_it_is_back(
    calls: Path, caplog: pytest.LogCaptureFixture
) -> None:
    runs.clip(calls / "call.mp4", frames=5)
    away = calls.with_name("away")
    with caplog.at_level(logging.INFO, logger="vidsharp"):
        ended, _ = watched(
            calls, [nothing, lambda: calls.rename(away), nothing, nothing, lambda: away.rename(calls), nothing]
        )
    said = [message for message in caplog.messages if "vanished" in message or "is back" in message]
    assert said == [f"{calls} has vanished; what comes there is done when it is back", f"{calls} is back"]
    assert ended == [("call.mp4", "done"), ("call.mp4", "skipped")]


def test_what_is_no_folder_is_a_sentence_before_any_work(calls: Path, tmp_path: Path) -> None:
    (tmp_path / "file.mp4").touch()
    for wrong in (tmp_path / "file.mp4", tmp_path / "nowhere"):
        with pytest.raises(UsageError, match=r"is no folder; watch takes folders"):
            watch(WatchConfig(inputs=(calls, wrong), out=tmp_path / "out"))
    for settings in ({"settle_seconds": -1.0}, {"every_seconds": 0.0}):
        with pytest.raises(UsageError, match="is out of range"):
            config(calls, **settings)


def test_a_mistake_of_the_user_ends_it(calls: Path) -> None:
    runs.clip(calls / "call.mp4", frames=5)
    with pytest.raises(ModelError):
        watch(config(calls, model="fastest"))


def test_a_disk_that_fails_is_waited_for(
    calls: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    runs.clip(calls / "call.mp4", frames=5)
    real, left = watch_job.process, [OutputError("the disk is full"), OutputError("the disk is full")]

    def process(*arguments: Any) -> ProcessResult:
        if left:
            raise left.pop()
        return real(*arguments)

    monkeypatch.setattr(watch_job, "process", process)
    ended, outcomes = watched(calls, [nothing] * 4)
    assert ended == [("call.mp4", "done")]
    assert [str(each) for each in outcomes[:2]] == ["the disk is full"] * 2
    assert sum("the disk is full" in message for message in caplog.messages) == 1, "and said once"


def test_a_clip_that_a_disk_made_fail_is_tried_again(calls: Path) -> None:
    runs.clip(calls / "call.mp4", frames=5)

    class Vanish(Log):
        def clip_started(self, clip: str, frames: int, done: int) -> None:
            if not self.ended:
                shutil.rmtree(calls.parent / "out")

    ended, _ = watched(calls, [nothing] * 2, Vanish())
    assert ended == [("call.mp4", "failed"), ("call.mp4", "done")]


def test_another_run_into_the_folder_is_waited_for(calls: Path) -> None:
    runs.clip(calls / "call.mp4", frames=5)
    lock = RunLock(calls.parent / "out", "out")
    ended, outcomes = watched(calls, [nothing, lock.release, nothing])
    assert ended == [("call.mp4", "done")]
    assert "another vidsharp is writing" in str(outcomes[0])


@pytest.mark.parametrize("out", ["s3://calls/out", None])
def test_a_bucket_is_watched_as_a_folder_is(bucket: Any, calls: Path, out: str | None) -> None:
    one, two, longer = (runs.clip(calls / f"{n}.mp4", frames=n).path for n in (5, 6, 7))

    def put(file: Path, name: str) -> Callable[[], object]:
        return lambda: bucket.put_file(str(file), f"calls/recordings/{name}")

    where: dict[str, Any] = {"inputs": (Path("s3://calls/recordings"),), "staging": calls.parent / "staging"}
    where |= {"out": Path(out)} if out else {}
    put(one, "one.mp4")()
    bucket.pipe_file("calls/recordings/notes.txt", b"no recording")
    between = [nothing, put(two, "team/two.mp4"), nothing, nothing, put(longer, "one.mp4"), nothing]
    ended, outcomes = watched(calls, between, overwrite=True, **where)
    assert ended == [("one.mp4", "done"), ("team/two.mp4", "done"), ("one.mp4", "done")]
    assert [type(each) for each in outcomes] == [ProcessResult] * 3
    if out:
        bucket.get_file("calls/out/one.mp4", str(calls / "made.mp4"))
    made = calls / "made.mp4" if out else calls.parent / "out" / "one.mp4"
    assert media.frame_indices(made) == list(range(7))
    again, _ = watched(calls, [nothing, nothing], **where)
    assert sorted(again) == [("one.mp4", "skipped"), ("team/two.mp4", "skipped")], "nothing again after a restart"


def test_a_bucket_that_is_empty_or_gone_is_waited_for(
    bucket: Any, calls: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clip = runs.clip(calls / "call.mp4", frames=5).path
    where = {"inputs": (Path("s3://calls/recordings"),), "staging": calls.parent / "staging"}

    def come_back() -> None:
        bucket.mkdir("calls")
        bucket.put_file(str(clip), "calls/recordings/call.mp4")

    between = [nothing, lambda: bucket.rm("calls", recursive=True), nothing, nothing, come_back, nothing]
    ended, _ = watched(calls, between, **where)
    assert ended == [("call.mp4", "done")]


def test_waits_grow_and_have_an_end(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.clip(calls / "call.mp4", frames=5)
    waits: list[float] = []

    def pause(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 9:
            raise Over

    def full(*_: object) -> ProcessResult:
        raise OutputError("the disk is full")

    monkeypatch.setattr(watch_job, "process", full)
    with pytest.raises(Over):
        watch(config(calls), pause=pause)
    assert waits == [10, 20, 40, 80, 160, 320, 600, 600, 600]
