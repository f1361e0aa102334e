"""How vidsharp's cost grows: with a recording's length, with the picture's size, and with the number of its actors.

    python -m benchmarks.speed.growth DATA [--rounds 2] [--keep DIR] [--page FILE] [--quick]

Length: 720p, ten frames a second, 10 s, 1 min and 5 min. Size: 720p, 1080p and 4K. Actors: two clips by one actor on
one core, and by two actors on two. All of it whole processes on the six-person gallery; ffmpeg's `cas` takes turns
where there is something to compare. Rewrites its section of docs/performance.md and the plot.
"""

import argparse
import json
import math
import os
import shutil
import tempfile
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import pandas as pd
from vidsharp.reports.templates.markdown import markdown_table

from benchmarks.speed.against_ffmpeg import (
    CONTENDERS,
    FPS,
    VIDSHARP,
    Tally,
    figures,
    recordings,
    require_ffmpeg,
    said,
    vidsharp,
)
from benchmarks.speed.bar_chart import Bar, bar_chart
from benchmarks.speed.call_clips import RECORDER
from benchmarks.speed.measured_process import Cost, measure
from benchmarks.speed.memory import repeated
from benchmarks.speed.performance_page import PAGE, machine, put

SIZES = {"720p": (1280, 720), "1080p": (1920, 1080), "4K": (3840, 2160)}
BOTH = (VIDSHARP, "ffmpeg cas")
LENGTH_FPS = 10
"""Few frames a second keep five minutes short; keyframes, and so chunks, stay ten seconds apart."""


@dataclass(frozen=True)
class Run:
    """One measured run."""

    cost: Cost
    work_s: float
    """From the first chunk's beginning to the last one's end, by vidsharp's table: without start-up. 0 for others."""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path, help="folder with eval/ and train/clips/")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder for the recordings; what lies there is used again")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--quick", action="store_true", help="a few seconds of each, once: to try the script")
    args = parser.parse_args()
    require_ffmpeg()
    rounds, base = (1, 2) if args.quick else (args.rounds, 10)
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        gallery, _ = recordings("gallery", args.data, folder, base, 2)
        lengths = [base, 6 * base, 30 * base] if not args.quick else [base, 2 * base, 4 * base]
        runs = [
            _length(gallery, folder, lengths, rounds),
            _size(gallery, folder, base * FPS // 5, rounds),
            _actors(gallery, folder, rounds),
        ]
    everything = [run for _, _, own in runs for run in own]
    others = sum(r.cost.others * r.cost.wall_s for r in everything) / sum(r.cost.wall_s for r in everything)
    parts = [f"{machine(others)} The least of {rounds} rounds.", *(text for text, _, _ in runs)]
    put(args.page, "growth", "\n\n".join(parts))
    groups = {name: bars for _, charts, _ in runs for name, bars in charts.items()}
    args.page.with_name(f"{args.page.stem}-growth.svg").write_text(
        bar_chart("How cost grows", "solid: the work; faint: start-up", groups, own_scales=True)
    )


Section = tuple[str, dict[str, list[Bar]], list[Run]]
"""Its text, its bars by heading, and all runs that it is made of."""


def _length(gallery: Path, folder: Path, lengths: list[int], rounds: int) -> Section:
    short = _copy(gallery, folder / f"length-{lengths[0]}s.mp4", SIZES["720p"], lengths[0] * LENGTH_FPS, LENGTH_FPS)
    clips = [short, *(_times(short, folder / f"length-{s}s.mp4", s // lengths[0]) for s in lengths[1:])]
    runs: dict[tuple[str, int], list[Run]] = {}
    for _ in range(rounds):
        for clip, seconds in zip(clips, lengths, strict=True):
            for name in BOTH:
                runs.setdefault((name, seconds), []).append(_run(name, clip))
    rows, bars = [], []
    for name in BOTH:
        for seconds in lengths:
            wall, cpu = (min(getattr(r.cost, part) for r in runs[name, seconds]) for part in ("wall_s", "cpu_s"))
            work = min(r.work_s for r in runs[name, seconds]) or wall
            peak = max(r.cost.peak_mib for r in runs[name, seconds])
            own = f"{work:.1f}" if name == VIDSHARP else ""
            rows.append(
                [
                    name,
                    _length_said(seconds),
                    str(seconds * LENGTH_FPS),
                    f"{wall:.1f}",
                    own,
                    f"{cpu:.1f}",
                    f"{peak:.0f}",
                ]
            )
            bars.append(Bar(f"{name}, {_length_said(seconds)}", work, wall - work, f"{wall:.1f} s", name == VIDSHARP))
    ratios = []
    middle, last = lengths[1:]
    for part in ("work_s", "cpu_s"):
        few, some, many = (
            min(r.work_s if part == "work_s" else r.cost.cpu_s for r in runs[VIDSHARP, s]) for s in lengths
        )
        start = 0.0 if part == "work_s" else max(0.0, few - (some - few) / (middle / lengths[0] - 1))
        ratios.append((many - start) / max(1e-9, some - start))
    peaks = [max(r.cost.peak_mib for r in runs[VIDSHARP, s]) for s in lengths]
    head = ["", "length", "frames", "wall s", "of that, work", "CPU s", "peak MiB"]
    text = (
        f"**Length** (720p, {LENGTH_FPS} frames a second)\n\n{markdown_table(head, rows)}\n\n"
        f"{_length_said(last)} takes {ratios[0]:.2f} times as long as {_length_said(middle)}, without start-up "
        f"({ratios[1]:.2f} times the CPU), for {last // middle} times the frames; wanted: "
        f"at most {last / middle * 1.04:.1f}. Memory: {max(peaks) / peaks[0]:.2f} times that of "
        f"{_length_said(lengths[0])}."
    )
    return text, {"Length: wall": bars}, [run for several in runs.values() for run in several]


def _size(gallery: Path, folder: Path, frames: int, rounds: int) -> Section:
    tallies: dict[tuple[str, str], Tally] = {}
    runs: list[Run] = []
    clips: dict[str, tuple[Path, Path]] = {}
    for size, pixels in SIZES.items():
        short = _copy(gallery, folder / f"size-{size}-{frames}.mp4", pixels, frames, FPS)
        clips[size] = short, _times(short, folder / f"size-{size}-{4 * frames}.mp4", 4)
    for _ in range(rounds):
        for size, pair in clips.items():
            for name in BOTH:
                tally = tallies.setdefault((name, size), Tally((frames, 4 * frames)))
                for which, clip in enumerate(pair):
                    runs.append(_run(name, clip))
                    tally.costs[which].append(runs[-1].cost)
    rows, bars = [], []
    for (name, size), tally in tallies.items():
        each, wall = 1e3 * tally.each("cpu_s"), 1e3 * tally.each("wall_s")
        per_pixel = 1e6 * each / (SIZES[size][0] * SIZES[size][1])
        cas = 1e3 * tallies["ffmpeg cas", size].each("cpu_s")
        rows.append([name, size, said(each), said(each / cas, 2), said(wall), said(per_pixel),
                     f"{tally.peak_mib:.0f}"])  # fmt: skip
        if not math.isnan(each):
            bars.append(Bar(f"{name}, {size}", each, 0, f"{each:.0f} ms", name == VIDSHARP))
    head = ["", "size", "CPU ms per frame", "× `cas`", "wall ms per frame", "CPU ns per pixel", "peak MiB"]
    text = f"**Size** ({frames} and {4 * frames} frames; per frame, without start-up)\n\n{markdown_table(head, rows)}"
    return text, {"Size: CPU per frame": bars}, runs


def _actors(gallery: Path, folder: Path, rounds: int) -> Section:
    pair = folder / f"pair-of-{gallery.stem}"
    pair.mkdir(exist_ok=True)
    for name in ("a.mp4", "b.mp4"):
        shutil.copyfile(gallery, pair / name)
    some = sorted(os.sched_getaffinity(0))
    ways = {
        "one actor, one core": (1, set(some[:1])),
        "two actors, two cores": (2, set(some[:2])),
        "one actor, two cores": (1, set(some[:2])),
    }
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (workers, cores) in ways.items():
            runs[name].append(_run(VIDSHARP, pair, ("--workers", str(workers)), cores))
    least = {name: min(r.work_s for r in several) for name, several in runs.items()}
    half = least["one actor, one core"] / 2
    rows, bars = [], []
    for name, several in runs.items():
        cpu = min(r.cost.cpu_s for r in several)
        peak = max(r.cost.peak_mib for r in several)
        rows.append([name, f"{least[name]:.1f}", f"{least[name] / half:.2f}", f"{cpu:.1f}", f"{peak:.0f}"])
        bars.append(Bar(name, least[name], 0, f"{least[name]:.1f} s", True))
    head = ["two clips by", "work, s", "× the ideal half", "CPU s", "peak MiB"]
    text = (
        f"**Actors** (two clips of 1080p; the ideal half is half of what one core takes; wanted: two actors within "
        f"1.15 of it)\n\n{markdown_table(head, rows)}"
    )
    return text, {"Actors: work of two clips": bars}, [run for several in runs.values() for run in several]


def _run(name: str, recording: Path, options: tuple[str, ...] = (), cores: set[int] | None = None) -> Run:
    command = vidsharp(*options) if name == VIDSHARP else CONTENDERS[name]
    with tempfile.TemporaryDirectory() as out:
        cost = measure(command(recording, Path(out)), cores=cores)
        chunks = Path(out) / "report" / "chunks.parquet"
        work_s = 0.0
        if chunks.exists():
            times = pd.read_parquet(chunks)[["began_at", "wall_s"]].to_numpy(float)
            work_s = float(times.sum(axis=1).max() - times[:, 0].min())
    print(json.dumps({"recording": recording.name, "contender": name, "options": options, "work_s": round(work_s, 2),
                      **figures(cost)}), flush=True)  # fmt: skip
    return Run(cost, work_s)


def _copy(source: Path, target: Path, size: tuple[int, int], frames: int, fps: int) -> Path:
    """The first frames of a recording in another size and at another rate, recorded again."""
    if target.exists():
        return target
    with av.open(str(source)) as clip, av.open(str(target), "w") as out:
        stream = out.add_stream("libx264", rate=fps, options={**RECORDER, "g": str(10 * fps)})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number, frame in enumerate(clip.decode(video=0)):
            if number == frames:
                break
            scaled = frame.reformat(*size, interpolation="BICUBIC", threads=1)
            scaled.pts, scaled.time_base = number, Fraction(1, fps)
            out.mux(stream.encode(scaled))
        out.mux(stream.encode(None))
    return target


def _times(source: Path, target: Path, times: int) -> Path:
    """A recording several times in a row."""
    if not target.exists():
        repeated(source, target, times)
    return target


def _length_said(seconds: int) -> str:
    return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min"


if __name__ == "__main__":
    main()
