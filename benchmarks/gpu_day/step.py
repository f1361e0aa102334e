"""One step of the day, in a process of its own: what it has found is on disk, whatever becomes of the process."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from vidsharp.pipeline.atomic import write_atomically

from .scale import ON_A_GPU, REHEARSAL, Scale

ROOT = Path(__file__).parents[2]

Findings = Iterator[tuple[str, Any]]
"""By name, as JSON has them."""


@dataclass(frozen=True)
class Step:
    """A step, and how long it may take."""

    name: str
    limit_s: float
    find: Callable[[Scale], Findings]
    environment: Mapping[str, str] = field(default_factory=dict)


def run_here(step: Step, file: Path, scale: Scale) -> None:
    """Does a step in this process, and keeps its findings in `file` as they come."""
    found: dict[str, Any] = {}
    for name, value in step.find(scale):
        found[name] = value
        keep(file, found)


def run_apart(step: Step, out: Path, limit_s: float, *, rehearse: bool) -> dict[str, Any]:
    """Does a step in a process of its own, which ends in time with all that it has started.

    Returns:
        Its findings; with `failed`, a sentence, where it did not come to its end, and `seconds`.
    """
    file, began = out / f"{step.name}.json", time.monotonic()
    file.unlink(missing_ok=True)
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.gpu_day", str(out), "--step", step.name, *(["--rehearse"] * rehearse)],
        cwd=ROOT, env={**os.environ, **step.environment}, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
    )  # fmt: skip
    failed = None
    try:
        _, said = process.communicate(timeout=limit_s)
        if process.returncode:
            failed = (said.strip().splitlines() or [f"it ended with {process.returncode}"])[-1]
    except subprocess.TimeoutExpired:
        failed = f"it was ended after {limit_s:.0f} s"
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    found = read(file)
    found |= {"seconds": round(time.monotonic() - began, 1)} | ({"failed": failed} if failed else {})
    keep(file, found)
    return found


def keep(file: Path, found: Mapping[str, Any]) -> None:
    write_atomically(file, json.dumps(found, indent=1).encode())


def read(file: Path) -> dict[str, Any]:
    """A step's findings; none where it had none."""
    return json.loads(file.read_bytes()) if file.exists() else {}


def scale_of(*, rehearse: bool) -> Scale:
    return REHEARSAL if rehearse else ON_A_GPU
