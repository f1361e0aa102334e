"""What the tables cost a run, by its number of clips: stub rows through the whole way that real ones go.

    python -m benchmarks.scale.tables 1000 10000 100000

Prints JSON, a line for each number: CPU time for each clip of writing parts as the run goes, of joining them at the
end, and of the single files; and the most memory. Each number runs in a process of its own, into an empty folder.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from vidsharp.jobs.files.report_folder import ClipRows, ReportFolder

from benchmarks.speed.many_clips import memory_mib

TOGETHER = 1000
"""Clips that are written together, as `UNWRITTEN_MAX` has it in a run of very many."""
CHUNKS, FRAMES = 6, 24
"""Of each clip: a minute in pieces of 10 s, four measured frames in each."""


def stub(clip: int) -> ClipRows:
    """The rows of one clip, of the size of real ones."""
    name, settings = f"team-{clip % 97}/call-{clip:07d}.mp4", json.dumps({"model": "fast", "digest": "0" * 64})
    quality = {"ssim_input": 0.9 + clip % 100 / 1000, "psnr_input": 41.0 + clip % 7, "sharpness_before": 3.0}
    row = {"clip": name, "status": "done", "out": name, "frames": 1500, "duration_s": 60.0, "settings": settings,
           "versions": settings, "source": f"/recordings/{name}", "fingerprint": f"{clip:064x}-4096-{clip:064x}",
           "key": f"{clip:064x}", "wall_s": 20.0 + clip % 11, **quality}  # fmt: skip
    chunks = [{"clip": name, "chunk": n, "frames": 250, "began_at": 1e9 + clip + n / 7, "wall_s": 2.5,
               "node": "node-1", "actor": f"{n}"} for n in range(CHUNKS)]  # fmt: skip
    frames = [{"clip": name, "frame": 60 * n, "time_s": 2.4 * n, **quality} for n in range(FRAMES)]
    return ClipRows(row, chunks, frames)


def measure(clips: int) -> dict[str, Any]:
    """The costs of a run of so many clips, and of finding them in the next run."""
    with tempfile.TemporaryDirectory() as folder:
        report = ReportFolder(Path(folder))
        write_s = 0.0
        for begin in range(0, clips, TOGETHER):
            rows = [stub(clip) for clip in range(begin, min(clips, begin + TOGETHER))]
            write_s += cpu_s(lambda rows=rows: report.add(rows))
        join_s = cpu_s(report.compact)
        files_s = cpu_s(report.write_single_files)
        find_s = cpu_s(lambda: sum(1 for _ in ReportFolder(Path(folder)).earlier()))
    spent = {"write": write_s, "join": join_s, "single files": files_s, "find again": find_s}
    return {
        "clips": clips,
        "ms_per_clip": {name: round(1000 * seconds / clips, 3) for name, seconds in spent.items()},
        "peak_mib": memory_mib("VmHWM"),
    }


def cpu_s(work: Callable[[], Any]) -> float:
    """The CPU time that it takes, with all threads."""
    began = time.process_time()
    work()
    return time.process_time() - began


if __name__ == "__main__":
    for number in map(int, sys.argv[1:] or ("1000", "10000", "100000")):
        with ProcessPoolExecutor(1) as process:
            print(json.dumps(process.submit(measure, number).result()), flush=True)
