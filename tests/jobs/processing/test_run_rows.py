"""Rows reach the tables soon, not one by one, and their workspaces stay until then."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.files.report_folder import ClipRows, ReportFolder, keep_rows
from vidsharp.jobs.files.storage import Storage
from vidsharp.jobs.processing.run_rows import TABLES_SHARE, UNWRITTEN_MAX, RunRows
from vidsharp.pipeline.errors import OutputError
from vidsharp.pipeline.workspace import Workspace


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """What time it is for the run: it stands still unless it is moved."""
    now = [0.0]
    monkeypatch.setattr("vidsharp.jobs.processing.run_rows.time.monotonic", lambda: now[0])
    return now


@pytest.fixture
def run(tmp_path: Path, clock: list[float]) -> RunRows:
    return RunRows(ReportFolder(tmp_path / "report"), Storage(ProcessConfig((tmp_path,), tmp_path)))


@pytest.fixture
def writes(clock: list[float], monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many clips each write of the tables has brought; each takes a second."""
    brought: list[int] = []

    def add(_: ReportFolder, ended: Sequence[ClipRows]) -> None:
        brought.append(len(ended))
        clock[0] += 1

    monkeypatch.setattr(ReportFolder, "add", add)
    return brought


def rows(name: str, status: str = "done") -> ClipRows:
    return ClipRows({"clip": name, "status": status})


def written(tmp_path: Path) -> list[str]:
    return sorted(ReportFolder(tmp_path / "report").earlier())


def test_a_finished_clip_is_in_the_tables_at_once_and_its_workspace_goes(run: RunRows, tmp_path: Path) -> None:
    workspace = tmp_path / "work"
    workspace.mkdir()
    run.add(rows("a"), workspace)
    assert (written(tmp_path), run.of(["a"])[0]["clip"], workspace.exists()) == (["a"], "a", False)


def test_tables_that_take_long_are_written_seldom(run: RunRows, clock: list[float], writes: list[int]) -> None:
    for number in range(1000):
        clock[0] += 1
        run.add(rows(str(number)), None)
    run.write()
    assert sum(writes) == 1000
    assert 1000 * TABLES_SHARE / 2 < len(writes) < 1000 * TABLES_SHARE * 2


def test_no_more_rows_wait_than_memory_has_room_for(run: RunRows, writes: list[int]) -> None:
    for number in range(2 * UNWRITTEN_MAX + 1):
        run.add(rows(str(number)), None)  # at once: the first write was dear
    assert writes == [1, UNWRITTEN_MAX, UNWRITTEN_MAX]


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
