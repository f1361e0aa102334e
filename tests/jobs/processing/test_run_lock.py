"""One run at a time has an output folder, or one for each shard, and leaves nothing there but its work."""

import re
from pathlib import Path

import pytest
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.processing.run_lock import OutputTaken, RunLock
from vidsharp.jobs.shard import Shard


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


def test_shards_run_side_by_side_and_nothing_else_does(tmp_path: Path) -> None:
    out = tmp_path / "out"
    first, second = RunLock(out, "OUT", Shard(0, 4)), RunLock(out, "OUT", Shard(1, 4))
    refusals: list[tuple[Shard | None, str]] = [
        (Shard(1, 4), "another vidsharp is writing to OUT as shard 1/4; wait for it, or choose another --out"),
        (Shard(2, 3), "to OUT as shard ./4 (side by side, all say --shard I/N with one N); wait"),
        (None, "to OUT as shard ./4 (side by side, all say --shard I/N with one N); wait"),
    ]
    for shard, sentence in refusals:
        with pytest.raises(OutputTaken, match=re.escape(sentence).replace(r"\./4", "[01]/4")):
            RunLock(out, "OUT", shard)
    third = RunLock(out, "OUT", Shard(2, 4))
    for lock in (first, second, third):
        lock.release()
    whole = RunLock(out, "OUT")
    with pytest.raises(OutputTaken, match=r"another vidsharp is writing to OUT \(side by side"):
        RunLock(out, "OUT", Shard(0, 4))
    whole.release()
    assert list(out.iterdir()) == []


def test_the_lock_of_a_shard_that_was_killed_is_nobodys(tmp_path: Path) -> None:
    work = tmp_path / "out" / ".vidsharp"
    work.mkdir(parents=True)
    for name in ("lock-0-of-4", "lock-3-of-4"):
        (work / name).touch()
    (work / "lock-of-mine").touch()
    lock = RunLock(tmp_path / "out", "OUT", Shard(3, 4))
    assert {file.name for file in work.iterdir()} == {"lock-0-of-4", "lock-3-of-4", "lock-of-mine"}
    lock.release()
    RunLock(tmp_path / "out", "OUT").release()
    assert {file.name for file in work.iterdir()} == {"lock-of-mine"}
