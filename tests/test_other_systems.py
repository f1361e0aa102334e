"""What runs on Linux runs where the names that only POSIX has are missing, and on consoles without Unicode."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import runs
from tests.support.modules import modules

HERE = Path(__file__).parent
NO_POSIX = HERE / "support" / "no_posix"

IMPORT_ALL = """
import importlib, sys
for name in sys.argv[1:]:
    importlib.import_module(name)
print(len(sys.argv[1:]))
"""
REACH = """
import vidsharp.models.cores, vidsharp.pipeline.c_runtime, vidsharp.pipeline.folder_lock
from vidsharp.pipeline.proc_files import cpu_flags
print(hasattr(vidsharp.models.cores.os, "sched_getaffinity"), vidsharp.pipeline.c_runtime.c_function("getpid"),
      vidsharp.pipeline.folder_lock.fcntl, *cpu_flags())
"""


def elsewhere(*arguments: str | Path, **more: str) -> "subprocess.CompletedProcess[str]":
    """A run of Python in which vidsharp finds no POSIX."""
    environment = {**runs.plain_environment(), "PYTHONPATH": os.pathsep.join((str(NO_POSIX), str(HERE.parent))), **more}
    return subprocess.run(
        [sys.executable, *map(str, arguments)], env=environment, capture_output=True, check=False,
        timeout=250, encoding="utf-8", errors="replace",
    )  # fmt: skip


def vidsharp(*arguments: str | Path, **more: str) -> str:
    """What the command prints, which has to succeed."""
    ended = elsewhere("-m", "vidsharp.jobs.cli", *arguments, **more)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_names_are_missing_there() -> None:
    """Else the tests below could not fail."""
    ended = elsewhere("-c", REACH)
    assert (ended.returncode, ended.stdout) == (0, "False None None\n"), ended.stderr


def test_every_module_can_be_imported_without_posix() -> None:
    names = [f"vidsharp.{name}" for name in modules()]
    ended = elsewhere("-c", IMPORT_ALL, *names)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == f"{len(names)}\n"


def test_commands_answer_without_posix(tmp_path: Path) -> None:
    assert "vidsharp process recordings/" in vidsharp("--help")
    assert "fast" in vidsharp("models")


@pytest.mark.slow
def test_the_doctor_finds_nothing_broken_without_posix(tmp_path: Path) -> None:
    said = vidsharp("doctor", "--out", tmp_path)
    assert "The main job can run." in said
    assert "a worker process answered: --engine local works" in said


def test_a_recording_is_sharpened_without_posix_as_with_it(tmp_path: Path) -> None:
    call = runs.clip(tmp_path / "calls" / "a.mp4", frames=20)
    options = ("--engine", "local", "--chunk-seconds", "0.5", "--preset", "ultrafast", "--workers", "1")
    vidsharp("process", call.path, "--out", tmp_path / "there", *options)
    ended = subprocess.run(runs.command("process", call.path, "--out", tmp_path / "here", *options), check=False)
    assert ended.returncode == 0
    assert runs.table(tmp_path / "there").status.tolist() == ["done"]
    there, here = ((tmp_path / place / "a.mp4").read_bytes() for place in ("there", "here"))
    assert there == here
    assert runs.files(tmp_path / "there") == {"a.mp4"}


@pytest.mark.parametrize("encoding", ["cp437", "cp1252", "ascii"])
def test_a_console_without_unicode_gets_every_sentence(encoding: str, tmp_path: Path) -> None:
    missing = tmp_path / "Grüße → 会议.mp4"
    ended = elsewhere(
        "-m", "vidsharp.jobs.cli", "process", missing, "--out", tmp_path / "out", PYTHONIOENCODING=encoding
    )
    assert ended.returncode == 2
    assert "does not exist" in ended.stderr
    assert "Traceback" not in ended.stderr
