"""Rows reach the tables soon, not one by one, and their workspaces stay until then."""

from pathlib import Path

import pytest
from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.report_folder import ClipRows, ReportFolder, keep_rows
from vidsharp.jobs.run_rows import TABLES_SHARE, UNWRITTEN_MAX, RunRows
from vidsharp.jobs.storage import Storage
from vidsharp.pipeline.errors import OutputError
from vidsharp.pipeline.workspace import Workspace


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunRows:
    """A run whose tables take no time to write, as its clock stands still."""
    monkeypatch.setattr("vidsharp.jobs.run_rows.time.monotonic", lambda: 0.0)
    return RunRows(ReportFolder(tmp_path / "report"), Storage(ProcessConfig((tmp_path,), tmp_path)))


def rows(name: str, status: str = "done") -> ClipRows:
    return ClipRows({"clip": name, "status": status})


def written(tmp_path: Path) -> list[str]:
    return sorted(ReportFolder(tmp_path / "report").earlier())


def test_a_finished_clip_is_in_the_tables_at_once_and_its_workspace_goes(run: RunRows, tmp_path: Path) -> None:
    workspace = tmp_path / "work"
    workspace.mkdir()
    run.add(rows("a"), workspace)
    assert (written(tmp_path), list(run.clips), workspace.exists()) == (["a"], ["a"], False)


def test_tables_that_take_long_are_written_seldom(
    run: RunRows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10**6))
    monkeypatch.setattr("vidsharp.jobs.run_rows.time.monotonic", lambda: float(next(clock)))
    writes: list[int] = []
    monkeypatch.setattr(ReportFolder, "add", lambda report, ended: writes.append(len(ended)))
    for number in range(1000):
        run.add(rows(str(number)), None)
    run.write()
    assert sum(writes) == 1000
    assert 2 < len(writes) <= 3 * TABLES_SHARE * 1000, "each write takes a tick, as does each clip"


def test_no_more_rows_wait_than_memory_has_room_for(
    run: RunRows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vidsharp.jobs.run_rows.TABLES_SHARE", -1.0)
    for number in range(UNWRITTEN_MAX - 1):
        run.add(rows(f"{number:04}"), None)
    assert written(tmp_path) == []
    run.add(rows("last"), None)
    assert len(written(tmp_path)) == UNWRITTEN_MAX


def test_skipped_clips_can_wait_for_the_end(run: RunRows, tmp_path: Path) -> None:
    run.add(rows("a", "skipped"), None)
    assert written(tmp_path) == []
    run.write()
    assert written(tmp_path) == ["a"]


def test_a_workspace_stays_when_the_tables_could_not_be_written(
    run: RunRows, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = Workspace.of(tmp_path / "work", "a", "key").folder
    workspace.mkdir(parents=True)
    keep_rows(workspace, rows("a"))

    def full(*_: object) -> None:
        raise OutputError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr(ReportFolder, "add", full)
        with pytest.raises(OutputError):
            run.add(rows("a"), workspace)
    assert workspace.exists()
    run.adopt(tmp_path / "work")
    assert (written(tmp_path), workspace.exists()) == (["a"], False)
