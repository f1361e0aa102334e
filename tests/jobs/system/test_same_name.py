"""Programs that record meetings call them all alike: another recording never takes a finished clip's place unasked."""

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from vidsharp.jobs import process
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.files.report_folder import ReportFolder
from vidsharp.pipeline.file_ends import ENDS_BYTES
from vidsharp.pipeline.fingerprint import clip_key
from vidsharp.reports.run import tables

from tests.support import media, runs
from tests.support.local_pool import use_no_ray


@pytest.fixture(autouse=True)
def _no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)


@pytest.fixture
def monday(tmp_path: Path) -> Path:
    """A recording whose result is in `out`."""
    path = runs.clip(tmp_path / "mon" / "zoom_0.ts", frames=20, audio=0).path
    assert again(path)["status"] == "done"
    return path


def again(path: Path, **more: Any) -> dict[str, Any]:
    (row,) = process(runs.config(path, path.parents[1] / "out", **more)).rows
    return row


def made(path: Path) -> list[int]:
    """The numbers of the pictures in the result."""
    return media.frame_indices(path.parents[1] / "out" / path.name)


def tuesday_of(monday: Path) -> Path:
    path = monday.parents[1] / "tue" / monday.name
    return runs.clip(path, frames=20, audio=0, seed=5, first_index=100).path


def test_another_recording_of_the_same_name_is_refused_alone(monday: Path, tmp_path: Path) -> None:
    tuesday, out = tuesday_of(monday), tmp_path / "out"
    other = runs.clip(tmp_path / "tue" / "other.ts", frames=20, audio=0).path
    options = ["--out", str(out), "--encoder", "libx264", "--preset", "ultrafast", "--no-report"]
    ended = CliRunner().invoke(main, ["process", str(tuesday), str(other), *options])
    assert made(monday) == list(range(20)), "Monday's result was replaced"
    assert ended.exit_code == 1
    assert (
        f"{out / 'zoom_0.ts'} was made of another recording, {monday}; choose another --out for {tuesday}, "
        "or say --overwrite to replace it"
    ) in ended.stderr
    assert made(other) == list(range(20)), "one clip's name is not another's trouble"
    clip = runs.table(out).loc["zoom_0.ts"]
    assert (clip["status"], clip["frames"], clip["source"]) == ("done", 20, str(monday))
    assert again(monday)["status"] == "skipped", "its row is still there"


def test_in_the_same_place_another_recording_is_refused_too(monday: Path) -> None:
    """As where a program writes each meeting to one path, and people move it from there."""
    shutil.move(monday, monday.with_name("kept.ts"))
    shutil.move(tuesday_of(monday), monday)
    row = again(monday)
    assert made(monday) == list(range(20)), "the first result was replaced"
    assert row["status"] == "failed"
    assert again(monday, overwrite=True)["status"] == "done"
    assert made(monday) == list(range(100, 120))


def test_a_failed_run_does_not_forget_whose_result_it_is(monday: Path) -> None:
    assert again(monday, encoder_options={"crff": "1"})["status"] == "failed"
    assert again(tuesday_of(monday))["status"] == "failed"
    assert made(monday) == list(range(20))
    assert again(monday)["status"] == "done"


def test_a_recording_that_was_moved_or_touched_is_finished(monday: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that was touched has to be read, which workers do: once."""
    archive = monday.parents[1] / "archive" / monday.name
    archive.parent.mkdir()
    made_at = (monday.parents[1] / "out" / monday.name).stat().st_mtime_ns
    shutil.move(monday, archive)
    with monkeypatch.context() as patch:
        runs.forbid_ray(patch)
        assert again(archive)["status"] == "skipped"
    os.utime(archive, ns=(10**18, 10**18))
    assert again(archive)["status"] == "skipped"
    runs.forbid_ray(monkeypatch)
    assert again(archive)["status"] == "skipped"
    assert (monday.parents[1] / "out" / monday.name).stat().st_mtime_ns == made_at
    assert runs.table(monday.parents[1] / "out").loc[monday.name, "source"] == str(archive)


@pytest.mark.parametrize("bytes_more", [188 * 40, 3 * ENDS_BYTES])
def test_a_recording_that_has_grown_where_it_is_is_done_anew(bytes_more: int, monday: Path) -> None:
    with monday.open("ab") as file:
        file.write((b"\x47\x1f\xff\x10" + bytes(184)) * (bytes_more // 188))  # null packets of a transport stream
    assert again(monday)["status"] == "done"
    assert made(monday) == list(range(20))


def test_tables_of_version_0_1_are_carried_over(monday: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They have neither where a recording was, nor what it is known by; their key is that of work in progress."""
    from vidsharp.jobs.files.storage import Storage
    from vidsharp.jobs.processing.run_settings import fingerprint_settings

    out = monday.parents[1] / "out"
    config = runs.config(monday, out)
    storage = Storage(config)
    (clip,) = storage.find()
    clips = ReportFolder(out / "report").table("clips").frame().drop(columns=["source", "fingerprint", "written_at"])
    clips["key"] = clip_key(clip.path, fingerprint_settings(config))
    shutil.rmtree(out / "report" / "clips")
    (out / "report" / "clips.parquet").write_bytes(tables.parquet_bytes(clips))
    other = tuesday_of(monday)
    with other.open("ab") as file:
        file.write(bytes(188))
    assert again(other)["status"] == "failed"
    assert made(monday) == list(range(20)), "the result of 0.1 was replaced"
    assert again(monday)["status"] == "skipped"
    assert runs.table(out).loc[monday.name, "source"] == str(monday)
    os.utime(monday, ns=(10**18, 10**18))
    assert again(monday)["status"] == "skipped", "it is known by more now"
    runs.forbid_ray(monkeypatch)
    assert again(monday)["status"] == "skipped", "and seen without being read"
