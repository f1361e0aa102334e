"""What it costs to find that nothing is left to do: the same command over a finished library.

    python -m benchmarks.scale.again 1000 10000 100000

Prints JSON, a line for each number of clips: clock and CPU time of the whole command, the page and without it, and the
most memory. The library is made for it: small files, and tables as a run has them. Each number runs in a process of
its own.
"""

import json
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any
from unittest import mock

from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.files.clips import Clip
from vidsharp.jobs.files.earlier_run import source_columns
from vidsharp.jobs.files.report_folder import ClipRows, ReportFolder
from vidsharp.jobs.processing import process_job, report_job
from vidsharp.jobs.processing.run_settings import fingerprint_settings
from vidsharp.pipeline.fingerprint import Fingerprint, read_source

from benchmarks.scale.tables import TOGETHER, stub
from benchmarks.speed.many_clips import memory_mib


def finished_library(folder: Path, clips: int) -> ProcessConfig:
    """The command whose run has made so many clips."""
    inputs, out = folder / "in", folder / "out"
    for number in range(clips):
        name = stub(number).clip["clip"]
        for path in (inputs / name, out / name):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(b"%d" % number)
    config = ProcessConfig((inputs,), out)
    # What a run knows of its recordings and settings, before it begins.
    with mock.patch.object(process_job, "_Run", side_effect=_Stopped) as run, suppress(_Stopped):
        process_job.process(config)
    storage, found = run.call_args.args[:2]
    settings, report = fingerprint_settings(storage.config), ReportFolder(out / "report")
    rows = {each.clip["clip"]: each for each in map(stub, range(clips))}
    for begin in range(0, clips, TOGETHER):
        report.add([_made_of(storage, clip, rows[clip.name], settings) for clip in found[begin : begin + TOGETHER]])
    report.compact()
    return config


class _Stopped(Exception):
    pass


def _made_of(storage: Any, clip: Clip, rows: ClipRows, settings: Any) -> ClipRows:
    seen = storage.seen(clip)
    known = Fingerprint.of(read_source(clip.path, seen))
    return ClipRows({**rows.clip, **source_columns(seen, known, settings)}, rows.chunks, rows.frames)


def measure(clips: int) -> dict[str, Any]:
    """The costs of the same command again."""
    with tempfile.TemporaryDirectory() as folder:
        config = finished_library(Path(folder), clips)
        with ProcessPoolExecutor(1) as process:
            return process.submit(_again, config, clips).result()


def _again(config: ProcessConfig, clips: int) -> dict[str, Any]:
    page_s, real = 0.0, report_job.write_page

    def timed_page(report: ReportFolder) -> Path:
        nonlocal page_s
        began = time.process_time()
        path = real(report)
        page_s += time.process_time() - began
        return path

    clock, cpu = time.perf_counter(), time.process_time()
    with mock.patch.object(report_job, "write_page", timed_page):
        result = process_job.process(config)
    spent = {"clock": time.perf_counter() - clock, "cpu": time.process_time() - cpu, "cpu, page": page_s}
    assert result.count("skipped") == clips
    assert result.page is not None
    return {
        "clips": clips,
        "s": {name: round(seconds, 1) for name, seconds in spent.items()},
        "peak_mib": memory_mib("VmHWM"),
        "page_bytes": result.page.stat().st_size,
    }


if __name__ == "__main__":
    for number in map(int, sys.argv[1:] or ("1000", "10000", "100000")):
        print(json.dumps(measure(number)), flush=True)
