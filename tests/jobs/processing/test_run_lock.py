"""One run at a time has an output folder, and leaves nothing there but its work."""

from pathlib import Path

import pytest
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.processing.run_lock import RunLock


def test_a_second_run_is_refused_until_the_first_is_done(tmp_path: Path) -> None:
    first = RunLock(tmp_path / "out", "OUT")
    with pytest.raises(UsageError, match="another vidsharp is writing to OUT; wait for it"):
        RunLock(tmp_path / "out", "OUT")
    first.release()
    RunLock(tmp_path / "out", "OUT").release()


def test_nothing_is_left_but_work(tmp_path: Path) -> None:
    lock = RunLock(tmp_path / "out", "OUT")
    assert lock.file.is_file()
    lock.release()
    assert list((tmp_path / "out").iterdir()) == []
    lock = RunLock(tmp_path / "out", "OUT")
    (lock.work_root / "chunk").touch()
    lock.release()
    assert [file.name for file in lock.work_root.iterdir()] == ["chunk"]


def test_a_folder_that_cannot_be_made_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UsageError, match="file"):
        RunLock(tmp_path / "file" / "out", "OUT")


def test_a_folder_that_is_gone_at_the_end_is_no_error(tmp_path: Path) -> None:
    lock = RunLock(tmp_path / "out", "OUT")
    lock.file.unlink()
    lock.work_root.rmdir()
    lock.release()
