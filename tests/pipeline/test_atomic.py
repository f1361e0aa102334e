"""A file is whole or absent, and what was there before survives a failure."""

import errno
import os
import subprocess
from pathlib import Path

import pytest
from vidsharp.pipeline import atomic, owner
from vidsharp.pipeline.atomic import (
    ABANDONED_S,
    publish,
    remove_leftovers,
    sync,
    temporary_name,
    write_atomically,
)
from vidsharp.pipeline.errors import OutputError


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, b"one")
    assert path.read_bytes() == b"one"
    write_atomically(path, b"two")
    assert path.read_bytes() == b"two"
    assert _names(tmp_path) == ["a.json"]


@pytest.mark.parametrize("step", ["write", "sync", "replace"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_a_failure_keeps_the_old_file_and_leaves_no_other(
    step: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    if step == "sync":
        monkeypatch.setattr(atomic, "sync", fail)
    else:
        monkeypatch.setattr(Path, {"write": "write_bytes", "replace": "replace"}[step], fail)
    with pytest.raises(OutputError) as caught:
        write_atomically(path, b"new")
    assert caught.value.path == path
    assert str(path) in str(caught.value), "it names the file that was asked for, not the temporary one"
    assert path.read_bytes() == b"old"
    assert _names(tmp_path) == ["a.json"]


def test_a_file_has_its_name_only_after_its_bytes_are_safe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    temporary, final = tmp_path / "t", tmp_path / "f"
    temporary.write_bytes(b"whole")
    seen: list[tuple[str, bool]] = []

    def watch(path: Path) -> None:
        seen.append((path.name, final.exists()))
        sync(path)

    monkeypatch.setattr(atomic, "sync", watch)
    publish(temporary, final)
    assert seen == [("t", False), (tmp_path.name, True)], "the file before, its folder after"
    assert final.read_bytes() == b"whole"
    assert not temporary.exists()


def test_publishing_what_is_not_there_is_an_output_error(tmp_path: Path) -> None:
    with pytest.raises(OutputError):
        publish(tmp_path / "absent", tmp_path / "f")
    assert _names(tmp_path) == []


def test_temporary_names_are_siblings_that_never_meet(tmp_path: Path) -> None:
    final = tmp_path / "call.of.monday.mp4"
    names = {temporary_name(final) for _ in range(200)}
    assert len(names) == 200
    assert {(name.parent, name.suffix) for name in names} == {(tmp_path, ".mp4")}
    assert all(".part." in name.name for name in names)
    assert final not in names


def test_only_what_dead_processes_were_writing_is_removed(tmp_path: Path) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    ours = temporary_name(tmp_path / "a.json")
    theirs = ours.with_name(ours.name.replace(str(os.getpid()), str(dead.pid)))
    others = [ours, tmp_path / "a.json", tmp_path / "call.part.mp4", tmp_path / f"{dead.pid}-a1b2c3.json"]
    for path in (theirs, *others):
        path.touch()
    remove_leftovers(tmp_path)
    assert _names(tmp_path) == sorted(path.name for path in others)
    remove_leftovers(tmp_path / "absent")


def test_what_another_machine_is_writing_stays_for_a_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container with the same disk has numbers of its own for its processes: here they mean nothing."""
    dead = subprocess.Popen(["true"])
    dead.wait()
    with monkeypatch.context() as there:
        there.setattr(os, "getpid", lambda: dead.pid)
        there.setattr(owner, "this_machine", lambda: "0" * 8)
        theirs = [temporary_name(tmp_path / f"{age}.json") for age in ("new", "old")]
    old = tmp_path / f"a.{dead.pid}-a1b2c3.part.json"  # of version 0.1, which named no machine
    for path in (*theirs, old):
        path.touch()
    remove_leftovers(tmp_path)
    assert _names(tmp_path) == sorted(path.name for path in (*theirs, old))
    for path in (theirs[1], old):
        long_ago = path.stat().st_mtime - ABANDONED_S - 60
        os.utime(path, (long_ago, long_ago))
    remove_leftovers(tmp_path)
    assert _names(tmp_path) == [theirs[0].name]


@pytest.mark.parametrize("name", ["x" * 251 + ".mp4", "会" * 83 + ".mp4", "x" * 255])
def test_names_at_the_limit_of_the_file_system_can_be_written(name: str, tmp_path: Path) -> None:
    write_atomically(tmp_path / name, b"whole")
    assert (tmp_path / name).read_bytes() == b"whole"


def test_names_beyond_the_limit_are_said_plainly(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        write_atomically(tmp_path / ("x" * 300), b"")
    assert _names(tmp_path) == []
