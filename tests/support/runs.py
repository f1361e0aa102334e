"""Runs of the job for tests: tiny, quick to encode, in this process or as the command that a user types."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from vidsharp.jobs import process
from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.files.report_folder import ClipRows, ReportFolder
from vidsharp.pipeline.errors import OutputError

from tests.support import media

SIZE = (160, 96)
SLOW: dict[str, Any] = {"chunk_seconds": 0.5, "encoder": "libx264", "preset": "slow"}
SLOW_OPTIONS = ["--chunk-seconds", "0.5", "--encoder", "libx264", "--preset", "slow"]
"""The same, for the command line."""
"""Slow enough to be interrupted."""
QUICK: dict[str, Any] = {"chunk_seconds": 0.5, "encoder": "libx264", "preset": "ultrafast"}


WORKERS = {"ray": "ray::SharpenActor", "local": "local_worker"}
"""What the title of an engine's worker processes contains."""


def config(inputs: Path | tuple[Path, ...], out: Path, **more: Any) -> ProcessConfig:
    """Half-second chunks and the fastest encoder, unless said otherwise."""
    return ProcessConfig(inputs=inputs if isinstance(inputs, tuple) else (inputs,), out=out, **{**QUICK, **more})


def clip(path: Path, **more: Any) -> media.Media:
    """Two seconds that are cut into four chunks."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return media.call(path, **{"frames": 60, "gop": 15, "size": SIZE, **more})


def table(out: Path, name: str = "clips") -> Any:  # pandas' own types make every comparison of two cells an error
    """A table of an output folder (DataFrame), by clip."""
    return pd.read_parquet(out / "report" / f"{name}.parquet").set_index("clip")


def files(folder: Path) -> set[str]:
    """Everything below a folder but its tables."""
    paths = (path.relative_to(folder) for path in folder.rglob("*") if not path.is_dir())
    return {path.as_posix() for path in paths if path.parts[0] != "report"}


def text(path: Path) -> str:
    """What a file holds; nothing where it has just gone."""
    try:
        return path.read_text()
    except FileNotFoundError:
        return ""


def forbid_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes a run fail that starts Ray, or any other engine."""

    def refuse(name: str, address: str | None) -> None:
        raise AssertionError(f"no engine is needed here, but {name} was started ({address})")

    monkeypatch.setattr("vidsharp.jobs.engine.planned_engine.open_engine", refuse)


def plain_environment() -> dict[str, str]:
    """The environment of a user's shell: without what the tests' own Ray has put there, but what `conftest.py` sets."""
    kept = "RAY_worker_niceness"
    return {name: value for name, value in os.environ.items() if name == kept or not name.startswith("RAY_")}


def command(*arguments: str | Path) -> list[str]:
    """The command line of `vidsharp`, with the interpreter of the tests."""
    return [sys.executable, "-m", "vidsharp.jobs.cli", *map(str, arguments)]


def start(*arguments: str | Path, environment: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Starts `vidsharp` in a session of its own, so that all its processes can be found. It heeds SIGINT, which a shell
    that runs the tests in its background would have it ignore.
    """
    return subprocess.Popen(
        command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=plain_environment() if environment is None else environment,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait_until(holds: Callable[[], Any], timeout_s: float = 120) -> Any:
    """Waits for `holds` to give something true and returns it."""
    end = time.monotonic() + timeout_s
    while not (found := holds()):
        assert time.monotonic() < end, "it never came about"
        time.sleep(0.01)
    return found


def processes_of_session(session: int, name: str = "") -> list[int]:
    """Living processes of a session (`start` gives one of its own) whose title contains `name`, zombies aside."""
    found = [pid for pid, fields in _processes() if int(fields[3]) == session and fields[0] != "Z"]
    return [pid for pid in found if name in _title(pid)]


def descendants(name: str) -> list[int]:
    """Living processes below this one whose title contains `name`."""
    return below(os.getpid(), name)


def below(ancestor: int, name: str = "") -> list[int]:
    """Living processes below another one whose title contains `name`."""
    parents = {pid: int(fields[1]) for pid, fields in _processes() if fields[0] != "Z"}

    def is_below(pid: int) -> bool:
        return pid == ancestor or (pid in parents and is_below(parents[pid]))

    return [pid for pid in parents if pid != ancestor and is_below(pid) and name in _title(pid)]


def _title(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""


def _processes() -> Iterator[tuple[int, list[str]]]:
    """Process ids with the fields of /proc/PID/stat after the name: state, parent, group, session …"""
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                yield int(folder.name), (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it ended meanwhile
                continue


def stop_before_the_tables(options: ProcessConfig, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that ends after a clip has its final name, and before the tables know of it."""

    def power_fails(report: ReportFolder, ended: list[ClipRows]) -> None:
        if ended:
            raise OutputError("the power failed")

    with monkeypatch.context() as patch:
        patch.setattr(ReportFolder, "add", power_fails)
        with pytest.raises(OutputError, match="the power failed"):
            process(options)
