"""Stopped at any moment, the same command resumes from the finished chunks to the very same frames."""

import json
import os
import signal
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from filelock import FileLock
from vidsharp.jobs import process
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.files.report_folder import ClipRows, ReportFolder
from vidsharp.models.nets.look import DEFAULT_LOOK

from tests.support import media, runs
from tests.support.local_pool import use_no_ray
from tests.support.students import two_looks

FRAMES = 240


@dataclass(frozen=True)
class Uninterrupted:
    source: Path
    frames: list[str]


@pytest.fixture(scope="module")
def whole(shared_ray: None, tmp_path_factory: pytest.TempPathFactory) -> Uninterrupted:
    """A clip of 16 chunks, and what an undisturbed run makes of it."""
    root = tmp_path_factory.mktemp("resume")
    source = runs.clip(root / "call.mp4", frames=FRAMES, size=(320, 180)).path
    (row,) = process(runs.config(source, root / "out", **runs.SLOW)).rows
    assert row["status"] == "done", row
    return Uninterrupted(source, media.frame_hashes(root / "out" / "call.mp4"))


def arguments(source: Path, out: Path, *more: str) -> list[str]:
    """The command that does what `runs.SLOW` says."""
    return ["process", str(source), "--out", str(out), *runs.SLOW_OPTIONS, *more]


def start_and_wait_for_chunks(command: list[str], out: Path) -> subprocess.Popen[str]:
    running = runs.start(*command)
    runs.wait_until(lambda: running.poll() is not None or len(list(out.glob(".vidsharp/*/chunk-?????.json"))) >= 2)
    assert running.poll() is None, running.communicate()
    return running


def finished_chunks(out: Path) -> dict[int, dict[str, Any]]:
    records = [json.loads(path.read_bytes())["record"] for path in out.glob(".vidsharp/*/chunk-?????.json")]
    return {record["index"]: record for record in records}


def assert_went_on(out: Path, done: dict[int, dict[str, Any]], whole: Uninterrupted) -> None:
    clip, chunks = runs.table(out).loc["call.mp4"], runs.table(out, "chunks").loc["call.mp4"].set_index("chunk")
    assert clip["status"] == "resumed"
    assert {int(index) for index in chunks.index[chunks["reused"]]} == set(done)
    for index, record in done.items():
        # The row is the first run's own: the chunk was not computed again.
        for column in ("actor", "wall_s", "decode_s", "encode_s", "bytes"):
            assert chunks.loc[index, column] == record[column], column
    assert chunks["frames"].sum() == FRAMES
    assert media.frame_hashes(out / "call.mp4") == whole.frames
    assert runs.files(out) == {"call.mp4"}


@pytest.mark.slow
def test_killed_without_warning_the_same_command_goes_on(whole: Uninterrupted, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = arguments(whole.source, out, "-q")
    running = start_and_wait_for_chunks(command, out)
    running.kill()
    running.communicate(timeout=60)
    assert (out / ".vidsharp" / "lock").exists(), "nobody could clean up"
    assert not (out / "call.mp4").exists()
    # The actors notice within seconds (Ray's own processes within minutes); until then they may finish a chunk.
    runs.wait_until(lambda: not runs.processes_of_session(running.pid, "SharpenActor"), 60)
    done = finished_chunks(out)
    assert 2 <= len(done) < 16, "it was not stopped in the middle"

    again = runs.start(*command)
    said, errors = again.communicate(timeout=200)
    assert (again.returncode, errors) == (0, "")
    assert said.splitlines() == ["1 clip: 1 resumed", f"report: {out / 'report' / 'index.html'}"]
    assert_went_on(out, done, whole)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["SIGINT to the whole group, as a terminal does", "SIGTERM to the process"])
def test_interrupted_it_says_how_to_go_on_and_leaves_no_process(whole: Uninterrupted, tmp_path: Path, how: str) -> None:
    """Also with --overwrite over an earlier result: what is redone is redone once."""
    out = tmp_path / "out"
    out.mkdir()
    more = ["--overwrite"] if "SIGTERM" in how else []
    (out / "call.mp4").write_bytes(b"an earlier result")
    if more:
        ReportFolder(out / "report").add(
            [ClipRows({"clip": "call.mp4", "status": "done", "out": "call.mp4", "key": "old"})]
        )
    else:
        (out / "call.mp4").unlink()
    running = start_and_wait_for_chunks(arguments(whole.source, out, *more), out)
    assert len(runs.processes_of_session(running.pid)) > 3, "Ray's processes can be told by their session"

    second = CliRunner().invoke(main, arguments(whole.source, out))
    assert (second.exit_code, second.stdout) == (2, "")
    assert second.stderr == f"vidsharp: another vidsharp is writing to {out}; wait for it, or choose another --out\n"

    if "SIGINT" in how:
        os.killpg(running.pid, signal.SIGINT)
    else:
        running.terminate()
    said, errors = running.communicate(timeout=60)
    assert running.returncode == (130 if "SIGINT" in how else 143), errors
    assert errors.splitlines()[-1] == "vidsharp: interrupted; the same command resumes from the finished chunks"
    assert said == ""
    assert "Traceback" not in errors
    runs.wait_until(lambda: not runs.processes_of_session(running.pid), 60)
    done = finished_chunks(out)
    assert 2 <= len(done) < 16
    if more:
        assert (out / "call.mp4").read_bytes() == b"an earlier result", "until the new one is whole"

    process(runs.config(whole.source, out, **runs.SLOW, overwrite=bool(more)))
    assert_went_on(out, done, whole)


# --- Between the last chunk and the tables ----------------------------------------------------------------------------


@pytest.fixture
def stopped_before_the_tables(shared_ray: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """An output folder whose run ended after the clip had its final name, and before the tables were written."""
    source, out = runs.clip(tmp_path / "call.mp4").path, tmp_path / "out"

    runs.stop_before_the_tables(runs.config(source, out), monkeypatch)
    assert (out / "call.mp4").exists()
    assert not (out / "report" / "clips").exists()
    return source, out


def test_the_rows_of_a_finished_clip_reach_the_tables_of_the_next_run(
    stopped_before_the_tables: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = stopped_before_the_tables
    assert list(out.glob(".vidsharp/*/done.json"))
    runs.forbid_ray(monkeypatch)
    (row,) = process(runs.config(source, out)).rows
    assert row["status"] == "skipped"
    clip = runs.table(out).loc["call.mp4"]
    assert (clip["frames"], clip["chunks"], clip["out"]) == (60, 4, "call.mp4")
    assert clip["model_s"] > 0
    assert list(runs.table(out, "chunks").loc["call.mp4", "chunk"]) == [0, 1, 2, 3]
    assert runs.files(out) == {"call.mp4"}


def test_a_result_whose_rows_a_disk_has_lost_is_made_again(stopped_before_the_tables: tuple[Path, Path]) -> None:
    """Rows are kept before a result gets its name, and its chunks go after that: this costs work, and nothing else."""
    source, out = stopped_before_the_tables
    frames = media.frame_hashes(out / "call.mp4")
    (rows,) = out.glob(".vidsharp/*/done.json")
    rows.unlink()
    (row,) = process(runs.config(source, out)).rows
    assert row["status"] == "done", row
    assert media.frame_hashes(out / "call.mp4") == frames
    assert runs.table(out).loc["call.mp4", "frames"] == row["frames"]


def test_work_for_other_settings_or_another_input_does_not_count(
    stopped_before_the_tables: tuple[Path, Path],
) -> None:
    source, out = stopped_before_the_tables
    (rows,) = out.glob(".vidsharp/*/done.json")
    rows.unlink()
    (row,) = process(runs.config(source, out, strength=0.5, overwrite=True)).rows
    assert row["status"] == "done"
    assert not runs.table(out, "chunks")["reused"].any()


def test_chunks_with_another_chroma_do_not_count_and_their_clip_is_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_no_ray(monkeypatch)
    source, out = runs.clip(tmp_path / "call.mp4", frames=30).path, tmp_path / "out"
    kept = runs.config(source, out)
    runs.stop_before_the_tables(kept, monkeypatch)
    (rows,) = out.glob(".vidsharp/*/done.json")
    rows.unlink()
    frames = media.frame_hashes(out / "call.mp4")
    (row,) = process(replace(kept, chroma="restore", overwrite=True)).rows
    assert (row["status"], row["chroma"], row["note"]) == ("done", "restore", None)
    assert not runs.table(out, "chunks")["reused"].any()
    restored = media.frame_hashes(out / "call.mp4")
    assert restored != frames
    for chroma, status in (("restore", "skipped"), (None, "done"), ("keep", "skipped"), ("restore", "done")):
        (row,) = process(replace(kept, chroma=chroma)).rows
        assert (row["status"], row["chroma"]) == (status, chroma or "keep")
        assert runs.table(out).loc["call.mp4", "chroma"] == row["chroma"]
        assert media.frame_hashes(out / "call.mp4") == (restored if chroma == "restore" else frames)
    (row,) = process(runs.config(source, tmp_path / "rgb", model="reference")).rows
    assert (row["status"], row["chroma"]) == ("done", None)


def test_chunks_of_another_look_do_not_count_and_its_clip_is_not_finished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_no_ray(monkeypatch)
    source, out = runs.clip(tmp_path / "call.mp4", frames=30).path, tmp_path / "out"
    natural = runs.config(source, out, model=two_looks(tmp_path / "two.safetensors"), look=0.0)
    runs.stop_before_the_tables(natural, monkeypatch)
    (rows,) = out.glob(".vidsharp/*/done.json")
    rows.unlink()
    frames = media.frame_hashes(out / "call.mp4")
    (row,) = process(replace(natural, look=None, overwrite=True)).rows
    assert (row["status"], row["look"]) == ("done", DEFAULT_LOOK)
    assert not runs.table(out, "chunks")["reused"].any()
    assert media.frame_hashes(out / "call.mp4") != frames
    for look, status in ((None, "skipped"), (DEFAULT_LOOK, "skipped"), (0.0, "done"), (0.0, "skipped"), (0.5, "done")):
        (row,) = process(replace(natural, look=look)).rows
        assert (row["status"], row["look"]) == (status, DEFAULT_LOOK if look is None else look)
        assert runs.table(out).loc["call.mp4", "look"] == row["look"]
        assert (media.frame_hashes(out / "call.mp4") == frames) == (look == 0)
    (row,) = process(runs.config(source, out, model="fast-0.1", look=0.0)).rows
    assert row["look"] is None
    assert pd.isna(runs.table(out).loc["call.mp4", "look"])
    weights = json.loads(row["settings"])["weights"]
    (row,) = process(runs.config(source, out, model=weights)).rows
    assert row["status"] == "skipped", "the digest in the table names the same weights"


# --- One run at a time ------------------------------------------------------------------------------------------------


def test_two_runs_do_not_share_an_output_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = runs.clip(tmp_path / "call.mp4", frames=15).path, tmp_path / "out"
    runs.forbid_ray(monkeypatch)
    (out / ".vidsharp").mkdir(parents=True)
    with FileLock(out / ".vidsharp" / "lock"), pytest.raises(UsageError, match="another vidsharp is writing to"):
        process(runs.config(source, out))


def test_a_lock_file_that_nobody_holds_does_not_block(shared_ray: None, tmp_path: Path) -> None:
    source, out = runs.clip(tmp_path / "call.mp4", frames=15).path, tmp_path / "out"
    (out / ".vidsharp").mkdir(parents=True)
    (out / ".vidsharp" / "lock").touch()
    assert process(runs.config(source, out)).count("done") == 1
    assert not (out / ".vidsharp").exists()
