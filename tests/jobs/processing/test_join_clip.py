"""A join in a worker: whatever becomes of it or of its worker, a clip is whole, or it is joined again."""

import os
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs import process
from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.engine.actor import Prepared, PrepareTask, SharpenActor
from vidsharp.jobs.engine.engines import EngineName
from vidsharp.jobs.engine.protocol import WorkerDied
from vidsharp.jobs.engine.tries import MAX_RETRIES
from vidsharp.jobs.files.clips import Clip
from vidsharp.jobs.processing import join_clip
from vidsharp.jobs.processing.clip_work import ClipWork
from vidsharp.jobs.processing.join_clip import ChunksMissing, Joined, JoinTask, Mixed, RunFacts
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.errors import MediaError, OutputError
from vidsharp.pipeline.fingerprint import see
from vidsharp.pipeline.sharpen_chunk import ChunkTask
from vidsharp.pipeline.workspace import Workspace

from tests.support import media, runs
from tests.support.local_pool import InProcess, use, use_no_ray

QUICK = EncoderChoice("libx264", preset="ultrafast")


def ready(source: Path, out: Path) -> JoinTask:
    """A clip whose chunks are all done."""
    actor, folder, seen = SharpenActor(1), out / ".vidsharp" / "work", see(source, str(source))
    actor.load("fast", "cpu", 0.0)
    prepared = actor.prepare(PrepareTask(source, source.name, folder, "key", 0.5, QUICK, seen))
    assert isinstance(prepared, Prepared)
    made_by = prepared.provenance_digest
    done = {
        chunk.index: actor.sharpen(
            ChunkTask(prepared.info, chunk, prepared.encoder, folder, "key", provenance_digest=made_by), None
        )
        for chunk in prepared.chunks
    }
    clip = Clip(source, Path(source.name))
    work = ClipWork(
        *(clip, Workspace(folder, "key"), prepared.info, prepared.encoder, prepared.chunks, frozenset(), 0.0),
        *([()] * len(done), seen, prepared.fingerprint),
        done=done,
        provenance_digest=made_by,
    )
    versions, counts = {"vidsharp": "1.2.3"}, {"model": "a digest", "chroma": None}
    facts = RunFacts(ProcessConfig((source,), out), out, out / "report", "cpu", {}, versions, counts)
    return JoinTask(facts, work, elapsed_s=1.0)


@pytest.fixture
def task(tmp_path: Path) -> JoinTask:
    return ready(runs.clip(tmp_path / "call.mp4", frames=30, audio=1).path, tmp_path / "out")


def join(task: JoinTask) -> Any:
    return task(lambda: None)


def test_a_clip_is_joined_and_has_its_name(task: JoinTask) -> None:
    joined = join(task)
    assert isinstance(joined, Joined)
    assert (joined.rows.clip["frames"], joined.rows.clip["status"]) == (30, "done")
    assert joined.rows.clip["wall_s"] >= 1.0
    assert media.frame_indices(task.run.out / "call.mp4") == list(range(30))


def test_who_comes_after_one_that_died_behind_the_last_step_finds_it_done(
    task: JoinTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = join(task)
    monkeypatch.setattr(join_clip, "mux_clip", None)  # calling it fails
    assert join(replace(task, attempt=1)) == first


def test_rows_of_an_attempt_that_never_gave_the_file_its_name_do_not_count(
    task: JoinTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: Path) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(join_clip, "publish", dies)
        with pytest.raises(KeyboardInterrupt):
            join(task)
    assert not (task.run.out / "call.mp4").exists()
    assert isinstance(join(replace(task, attempt=1)), Joined)
    assert media.frame_indices(task.run.out / "call.mp4") == list(range(30))
    assert not task.work.workspace.joined(), "the first attempt's file is gone, too"


def test_the_driver_names_what_its_own_container_cannot_hold(tmp_path: Path) -> None:
    task = ready(media.webm(tmp_path / "call.webm", size=runs.SIZE, frames=15, gop=15).path, tmp_path / "out")
    mixed = join(task)
    assert isinstance(mixed, Mixed)
    assert not list((tmp_path / "out").glob("call.*")), "it has no name yet"
    named = replace(task, named=replace(mixed, final=tmp_path / "out" / "mine.mkv"))
    assert join(named).rows.clip["out"] == "mine.mkv"
    assert media.frame_indices(tmp_path / "out" / "mine.mkv") == list(range(15))


def test_a_named_file_that_is_gone_is_made_again(tmp_path: Path) -> None:
    task = ready(media.webm(tmp_path / "call.webm", size=runs.SIZE, frames=15, gop=15).path, tmp_path / "out")
    mixed = join(task)
    mixed.temporary.unlink()
    assert isinstance(join(replace(task, named=replace(mixed, final=tmp_path / "out" / "mine.mkv"))), Joined)
    assert media.frame_indices(tmp_path / "out" / "mine.mkv") == list(range(15))


def test_a_chunk_that_is_gone_is_said(task: JoinTask) -> None:
    task.work.workspace.chunk_file(task.work.chunks[0].name).unlink()
    with pytest.raises(ChunksMissing, match="1 of its chunks"):
        join(task)


@pytest.mark.parametrize("same_time", [True, False])
def test_a_recording_that_was_written_to_is_not_joined(task: JoinTask, same_time: bool) -> None:
    path = task.work.clip.path
    state = path.stat()
    with path.open("r+b") as file:
        file.seek(-1, os.SEEK_END)
        last = file.read(1)[0]
        file.seek(-1, os.SEEK_END)
        file.write(bytes([last ^ 1]))
    if same_time:
        os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    with pytest.raises(MediaError, match="was written to while it was worked on"):
        join(task)
    assert not (task.run.out / "call.mp4").exists()


# --- As a part of a run -----------------------------------------------------------------------------------------------


class DiesAtJoins(InProcess):
    """Workers die when they are to join, so many times: at once, or when they have done it."""

    def __init__(self, times: int, *, behind: bool) -> None:
        super().__init__()
        self.left, self._behind = times, behind

    def submit(self, worker: Any, method: str, *arguments: Any) -> Any:
        call = super().submit(worker, method, *arguments)

        def dying() -> Any:
            if self._behind:
                call()
            raise WorkerDied("it was killed")

        if method != "do" or not self.left:
            return call
        self.left -= 1
        return dying


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("times", [1, MAX_RETRIES])
def test_another_worker_joins_what_one_died_at(
    times: int, behind: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = runs.clip(tmp_path / "call.mp4", frames=30).path, tmp_path / "out"
    engine = DiesAtJoins(times, behind=behind)
    use(monkeypatch, engine)
    (row,) = process(runs.config(source, out)).rows
    assert row["status"] == "done"
    assert engine.left >= 0
    assert media.frame_indices(out / "call.mp4") == list(range(30))
    assert runs.files(out) == {"call.mp4"}


def test_a_clip_at_which_every_worker_dies_fails_alone_and_keeps_its_chunks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = runs.clip(tmp_path / "call.mp4", frames=30).path, tmp_path / "out"
    with monkeypatch.context() as patch:
        use(patch, DiesAtJoins(99, behind=False))
        (row,) = process(runs.config(source, out)).rows
    assert row["error"].startswith("its chunks could not be joined: the process that worked on it died")
    use_no_ray(monkeypatch)
    (row,) = process(runs.config(source, out)).rows
    assert row["status"] == "resumed"
    assert runs.table(out, "chunks")["reused"].all()


def test_chunks_that_are_gone_are_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out, left = runs.clip(tmp_path / "call.mp4").path, tmp_path / "out", [1]
    use_no_ray(monkeypatch)
    whole = Workspace.done

    def losing(self: Workspace, chunks: Any) -> Any:
        found = whole(self, chunks)
        if len(found) == len(chunks) and left:
            left.pop()
            self.chunk_file(chunks[2].name).unlink()
            return whole(self, chunks)
        return found

    monkeypatch.setattr(Workspace, "done", losing)
    (row,) = process(runs.config(source, out)).rows
    assert not left
    assert row["status"] == "resumed"
    assert list(runs.table(out, "chunks")["reused"]) == [True, True, False, True]
    assert media.frame_indices(out / "call.mp4") == list(range(60))


def test_a_disk_that_refuses_fails_the_clip_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out, tried = runs.clip(tmp_path / "call.mp4", frames=30).path, tmp_path / "out", list[int]()
    use_no_ray(monkeypatch)

    def full(*_: object) -> None:
        tried.append(1)
        raise OutputError("no space is left")

    with monkeypatch.context() as patch:
        patch.setattr(join_clip, "mux_clip", full)
        (row,) = process(runs.config(source, out)).rows
    assert (row["error"], len(tried)) == ("no space is left", 1)
    assert process(runs.config(source, out)).count("resumed") == 1


def kill_at_the_first_join(pid_file: Path) -> Callable[..., Any]:
    """In the place of `mux_clip`, in a worker: the first process that comes here dies in mid-join."""
    real = join_clip.mux_clip

    def dying(info: Any, records: Any, files: Any, target: Path, on_packet: Callable[[], None], *part: Any) -> Any:
        def note() -> None:
            on_packet()
            if not pid_file.exists():
                pid_file.write_text(target.name)
                os.kill(os.getpid(), signal.SIGKILL)

        return real(info, records, files, target, note, *part)

    return dying


class KilledInMidJoin(SharpenActor):
    """Dies once, at the first packet that it joins; the file that says so lies beside the output folder."""

    def do(self, task: Any) -> Any:
        join_clip.mux_clip = kill_at_the_first_join(task.run.out.parent / "killed")  # type: ignore[assignment]
        return super().do(task)


def test_a_process_that_is_killed_in_mid_join(
    engine: EngineName, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidsharp.jobs.engine.actors.ActorPool.actor_class", KilledInMidJoin)
    source, out = runs.clip(tmp_path / "call.mp4", frames=30).path, tmp_path / "out"
    (row,) = process(runs.config(source, out, engine=engine, workers=1)).rows
    assert (tmp_path / "killed").exists()
    assert row["status"] == "done"
    assert media.frame_indices(out / "call.mp4") == list(range(30))
    assert runs.files(out) == {"call.mp4"}
