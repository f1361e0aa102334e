"""A temporary folder is its process's while that lives, and is removed after it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from vidsharp.pipeline.held_folder import held_folder


def dead_number() -> int:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return ended.pid


def test_it_is_private_and_gone_at_the_end(tmp_path: Path) -> None:
    for _ in range(2):
        with held_folder(tmp_path, "job-") as folder:
            assert folder.name.startswith(f"job-{os.getpid()}-")
            assert folder.stat().st_mode & 0o077 == 0, "nobody else may look into it"
            (folder / "deep").mkdir()
        assert list(tmp_path.iterdir()) == []


def test_folders_of_killed_processes_are_removed_and_no_others(tmp_path: Path) -> None:
    stale = tmp_path / f"job-{dead_number()}-abc"
    link = tmp_path / f"job-{dead_number()}-link"
    others = [tmp_path / f"job-{os.getpid()}-abc", tmp_path / "job-x-y", tmp_path / "else-1-2"]
    for folder in (stale, *others):
        (folder / "session").mkdir(parents=True)
    link.symlink_to(others[2])
    with held_folder(tmp_path, "job-"):
        assert not stale.exists()
        assert all((folder / "session").exists() for folder in (*others, link))


def test_it_is_kept_for_whoever_holds_it_whatever_its_number(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    number = dead_number()
    with monkeypatch.context() as elsewhere:
        elsewhere.setattr(os, "getpid", lambda: number)
        holding = held_folder(tmp_path, "job-")
        folder = holding.__enter__()
    for _ in range(2):
        with held_folder(tmp_path, "job-"):
            assert folder.exists()
    holding.__exit__(None, None, None)
    assert list(tmp_path.iterdir()) == []
