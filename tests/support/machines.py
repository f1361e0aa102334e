"""Machines with another number of cores than this one, as all that runs on them is told."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("fake_cores.c")


def fake_cores(folder: Path) -> Path:
    """The library, built in `folder`, that `environment` preloads. Skips where there can be none."""
    if sys.platform != "linux":
        pytest.skip("needs Linux, to answer in the system's place how many cores there are")
    compiler = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if compiler is None:
        pytest.skip("needs a C compiler: apt-get install gcc libc6-dev")
    library = folder / "fake_cores.so"
    command = [compiler, "-O1", "-Wall", "-Werror", "-fPIC", "-shared", str(SOURCE), "-o", str(library), "-ldl"]
    built = subprocess.run(command, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return library


def environment(library: Path, cores: int) -> dict[str, str]:
    """Of a process that finds so many cores, whichever way it asks."""
    return {**os.environ, "LD_PRELOAD": str(library), "FAKE_CORES": str(cores)}
