"""docs/performance.md: sections between markers, which the benchmarks rewrite, so that no figure is typed by hand."""

import os
import platform
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from textwrap import fill

from vidsharp.pipeline.proc_files import cpu_flags, proc_value

PAGE = Path(__file__).parents[2] / "docs" / "performance.md"
WIDTH = 120
"""Of a line, in characters."""


def put(page: Path, section: str, text: str) -> None:
    """Replaces what stands between `<!-- section -->` and `<!-- /section -->`. Sentences are wrapped, tables are not.

    Raises:
        ValueError: the page has no such markers.
    """
    begin, end = f"<!-- {section} -->", f"<!-- /{section} -->"
    before, found, rest = page.read_text().partition(begin)
    _, closed, after = rest.partition(end)
    if not (found and closed):
        raise ValueError(f"{page} has no section between {begin} and {end}")
    lines = [line if line.startswith("|") else fill(line, WIDTH) for line in text.strip().splitlines()]
    page.write_text("\n".join((f"{before}{begin}", *lines, f"{end}{after}")))


def machine(others: float) -> str:
    """One sentence on where and when figures were measured.

    Args:
        others: share of the machine that other processes took meanwhile, 0 to 1.
    """
    cores = len(os.sched_getaffinity(0))
    tools = ", ".join(f"{name} {version(name)}" for name in ("torch", "av", "ray"))
    return (
        f"Measured on {datetime.now(UTC):%Y-%m-%d} on {cores} cores of {_cpu()}, with {tools} and "
        f"{_ffmpeg_version()}; other processes took {100 * others:.0f} % of the machine meanwhile."
    )


def _cpu() -> str:
    wide = ", which has AVX-512" if any(flag.startswith("avx512") for flag in cpu_flags()) else ""
    return (proc_value("/proc/cpuinfo", "model name") or platform.machine()) + wide


def _ffmpeg_version() -> str:
    said = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True, check=False).stdout
    return " ".join(said.split()[:3:2]) or "no ffmpeg"
