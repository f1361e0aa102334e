"""What vidsharp takes beside ffmpeg's filters and beside a naive loop, as whole processes, with the same encoder.

    python -m benchmarks.speed.against_ffmpeg DATA [--rounds 2] [--short 10] [--seconds 30] [--keep DIR] [--page FILE]

Builds three 1080p call recordings of DATA (people in a gallery, slides, one speaker), each short and long, and lets all
contenders take turns on them. Of several rounds the least counts. What a frame takes without start-up is the long run's
cost less the short one's, over the frames between them. Rewrites its sections of docs/performance.md and the plot; with
some contenders alone (`--contender "ffmpeg cas" --contender "vidsharp, engine local"`) it only prints their tables.
"""

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from vidsharp.pipeline.encoder import EncoderChoice, options_here, resolve_encoder
from vidsharp.pipeline.probe import probe
from vidsharp.reports.templates.markdown import markdown_table

from benchmarks.speed.bar_chart import Bar, bar_chart
from benchmarks.speed.call_clips import FPS, record
from benchmarks.speed.measured_process import Cost, measure
from benchmarks.speed.memory import repeated
from benchmarks.speed.performance_page import PAGE, machine, put

RECORDINGS = {"gallery": "six people", "slides": "slides and a small face", "speaker": "one person"}
CRF, PRESET = "18", "veryfast"
CORES = len(os.sched_getaffinity(0))
VIDSHARP, UNMEASURED, WAY_ONLY = "vidsharp", "vidsharp, no report", "vidsharp, strength 0"
LOCAL = "vidsharp, engine local"
NAIVE = "naive loop"
Command = Callable[[Path, Path], list[str | Path]]
"""Of a recording and a folder for results."""


def _ffmpeg(*filters: str) -> Command:
    def command(recording: Path, out: Path) -> list[str | Path]:
        info = probe(recording)
        plan = resolve_encoder(EncoderChoice("libx264", float(CRF), PRESET), info)
        own = [part for name, value in options_here(plan).items() for part in (f"-{name}", value)]
        encoder = ["-c:v", plan.name, "-threads:v", str(plan.threads), *own]
        return ["ffmpeg", "-nostdin", "-v", "error", "-y", "-i", recording, *filters, *encoder, "-c:a", "copy",
                out / "ffmpeg.mp4"]  # fmt: skip

    return command


def vidsharp(*options: str) -> Command:
    """The command that sharpens a recording, or all of a folder."""

    def command(recording: Path, out: Path) -> list[str | Path]:
        encoder = ["--crf", CRF, "--preset", PRESET]
        return [sys.executable, "-m", "vidsharp.jobs.cli", "process", recording, "--out", out, "-q", *encoder, *options]

    return command


def naive_loop(frames: int) -> Command:
    """The command that takes a recording's first frames through the naive loop."""

    def command(recording: Path, out: Path) -> list[str | Path]:
        script = Path(__file__).with_name("naive_loop.py")
        options = ["--crf", CRF, "--preset", PRESET, "--frames", str(frames)]
        return [sys.executable, script, recording, out / "naive.mp4", *options]

    return command


CONTENDERS: dict[str, Command] = {
    "ffmpeg": _ffmpeg(),
    "ffmpeg unsharp": _ffmpeg("-vf", "unsharp"),
    "ffmpeg cas": _ffmpeg("-vf", "cas"),
    WAY_ONLY: vidsharp("--strength", "0", "--measure", "off", "--no-report"),
    UNMEASURED: vidsharp("--measure", "off", "--no-report"),
    VIDSHARP: vidsharp(),
    LOCAL: vidsharp("--engine", "local"),
}


@dataclass
class Tally:
    """The least of all rounds, for a short and a long run of one contender."""

    frames: tuple[int, int]
    costs: tuple[list[Cost], list[Cost]] = field(default_factory=lambda: ([], []))

    def least(self, name: str) -> tuple[float, float]:
        """`cpu_s` or `wall_s` of the short and of the long run."""
        short, long = (min(getattr(cost, name) for cost in costs) for costs in self.costs)
        return short, long

    def each(self, name: str) -> float:
        """Seconds per frame without start-up; not a number where the difference drowned in noise."""
        short, long = self.least(name)
        return (long - short) / (self.frames[1] - self.frames[0]) if long > short else math.nan

    def start(self, name: str) -> float:
        """Seconds that are not for frames; may come out as not a number, too."""
        start = self.least(name)[1] - self.frames[1] * self.each(name)
        return 0.0 if start < 0 else start

    def whole(self, name: str, frames: int) -> float:
        """Seconds of a whole process: measured, or told from the parts where the long run was shorter than that."""
        long = self.least(name)[1]
        return long if frames == self.frames[1] else self.start(name) + frames * self.each(name)

    @property
    def peak_mib(self) -> float:
        return max(cost.peak_mib for cost in self.costs[1])


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path, help="folder with eval/ and train/clips/")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--short", type=int, default=10, help="seconds of the short recordings")
    parser.add_argument("--seconds", type=int, default=30, help="of the long ones: a multiple of the short")
    parser.add_argument("--kind", action="append", choices=RECORDINGS)
    parser.add_argument("--contender", action="append", choices=CONTENDERS, help="`ffmpeg cas` among them")
    parser.add_argument("--keep", type=Path, help="folder for the recordings; what lies there is used again")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--reuse-frames", type=int, default=6, help="that reference does with and without reuse")
    parser.add_argument("--quick", action="store_true", help="a few seconds of each, once: to try the script")
    args = parser.parse_args()
    require_ffmpeg()
    base, seconds = (2, 4) if args.quick else (args.short, args.seconds)
    if seconds < 2 * base or seconds % base:
        parser.error(f"--seconds {seconds} is no multiple of --short {base}: twice as long, or longer")
    rounds = 1 if args.quick else args.rounds
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        kinds, names = args.kind or list(RECORDINGS), args.contender or [*CONTENDERS, NAIVE]
        tallies = {kind: _compare(kind, args.data, folder, base, seconds // base, rounds, names) for kind in kinds}
        if args.contender:
            print(_tables(tallies, seconds * FPS))
            return
        reuse = _reuse(args.data, folder, [kind for kind in kinds if kind != "speaker"], args.reuse_frames)
    _publish(args.page, tallies, seconds * FPS, reuse, rounds)


def require_ffmpeg() -> None:
    """Ends with one sentence where there is no ffmpeg to compare with."""
    if not shutil.which("ffmpeg"):
        sys.exit("this benchmark compares with the ffmpeg command, which is missing here: apt-get install ffmpeg")


def recordings(kind: str, data: Path, folder: Path, seconds: int, times: int) -> tuple[Path, Path]:
    """A recording and its packets several times in a row; made unless they are there."""
    short, long = (folder / f"{kind}-{length}s.mp4" for length in (seconds, seconds * times))
    if not short.exists():
        record(data, kind, short, seconds * FPS)
    if not long.exists():
        repeated(short, long, times)
    return short, long


def _compare(
    kind: str, data: Path, folder: Path, base: int, times: int, rounds: int, names: Sequence[str]
) -> dict[str, Tally]:
    short, long = recordings(kind, data, folder, base, times)
    frames = base * FPS, base * times * FPS
    fewer = min(FPS, frames[0]) // 2, min(3 * FPS, frames[0])
    tallies = {name: Tally(fewer if name == NAIVE else frames) for name in names}
    for number in range(rounds):
        for name, tally in tallies.items():
            for which, recording in enumerate((short, long)):
                command = CONTENDERS.get(name) or naive_loop(tally.frames[which])
                cost = fresh(command, recording)
                tally.costs[which].append(cost)
                print(json.dumps({"recording": recording.name, "round": number, "contender": name,
                                  "frames": tally.frames[which], **figures(cost)}), flush=True)  # fmt: skip
    return tallies


def fresh(command: Command, recording: Path) -> Cost:
    """Measures a command that writes into a new folder."""
    with tempfile.TemporaryDirectory() as out:
        return measure(command(recording, Path(out)))


def figures(cost: Cost) -> dict[str, float]:
    """For a line of log."""
    return {name: round(getattr(cost, name), 2) for name in ("wall_s", "cpu_s", "peak_mib", "others")}


def _reuse(data: Path, folder: Path, kinds: Sequence[str], frames: int) -> dict[str, list[str]]:
    """How much faster `reference` is with reuse: cells of the table that reuse.py prints, by recording.

    Two repeats, of which the faster counts: in the first one, shapes of windows are tried out, once for a whole run.
    """
    if not (kinds and frames):
        return {}
    chosen = [part for kind in kinds for part in ("--kind", kind)]
    options = ["--model", "reference", "--frames", frames, "--repeats", 2, "--first", 5, "--keep", folder.absolute()]
    said = subprocess.run(
        [str(part) for part in (sys.executable, "-m", "benchmarks.speed.reuse", data.absolute(), *chosen, *options)],
        check=True, capture_output=True, text=True, cwd=Path(__file__).parents[2],
    ).stdout  # fmt: skip
    rows = [[cell.strip() for cell in line.strip("| \n").split("|")] for line in said.splitlines()[2:]]
    return {row[0]: row for row in rows if len(row) == 8}


def _publish(
    page: Path, tallies: dict[str, dict[str, Tally]], frames: int, reuse: dict[str, list[str]], rounds: int
) -> None:
    costs = [cost for kind in tallies.values() for tally in kind.values() for pair in tally.costs for cost in pair]
    others = sum(cost.others * cost.wall_s for cost in costs) / sum(cost.wall_s for cost in costs)
    introduction = f"{machine(others)} {frames} frames of each recording, the least of {rounds}."
    put(page, "against_ffmpeg", f"{introduction}\n\n{_tables(tallies, frames)}")
    put(
        page,
        "targets",
        markdown_table(["what should hold", "whole process", "without start-up"], _targets(tallies, frames)),
    )
    if reuse:
        rows = [[row[0], row[2], row[3], row[4], row[5], row[7]] for row in reuse.values()]
        head = ["recording", "copied", "ms without reuse", "ms with", "times as fast", "equal, bit for bit"]
        put(page, "reuse", markdown_table(head, rows))
    page.with_suffix(".svg").write_text(_chart(tallies, frames))


def _tables(tallies: dict[str, dict[str, Tally]], frames: int) -> str:
    head = ["", "CPU ms per frame", "× `cas`", "the same without start-up", "× `cas`", "start-up: CPU s", "wall s",
            "frames per s", "the same without start-up", "wall × cores / CPU", "peak MiB"]  # fmt: skip
    parts = []
    for kind, contenders in tallies.items():
        rows = [_row(name, tally, contenders["ffmpeg cas"], frames) for name, tally in contenders.items()]
        parts.append(f"**{kind}** ({RECORDINGS[kind]})\n\n{markdown_table(head, rows)}")
    return "\n\n".join(parts)


def _row(name: str, tally: Tally, cas: Tally, frames: int) -> list[str]:
    cpu, wall = tally.whole("cpu_s", frames), tally.whole("wall_s", frames)
    each, each_wall = tally.each("cpu_s"), tally.each("wall_s")
    told = frames != tally.frames[1]
    return [
        f"{name}{f' (of {tally.frames[1]} frames)' if told else ''}",
        said(1e3 * cpu / frames),
        said(cpu / cas.whole("cpu_s", frames), 2),
        said(1e3 * each),
        said(each / cas.each("cpu_s"), 2),
        said(tally.start("cpu_s")),
        said(wall),
        said(frames / wall),
        said(1 / each_wall),
        said(_spread(each_wall, each), 2),
        f"{tally.peak_mib:.0f}",
    ]


def _spread(wall_s: float, cpu_s: float) -> float:
    """1 when all cores are always busy."""
    return wall_s * CORES / cpu_s


def said(value: float, digits: int = 1) -> str:
    """A figure as text; a dash where it could not be told from noise."""
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def _targets(tallies: dict[str, dict[str, Tally]], frames: int) -> list[list[str]]:
    rows: list[list[str]] = []
    for kind, filtered in (("gallery", "ffmpeg cas"), ("slides", "ffmpeg unsharp")):
        if kind in tallies:
            ours, theirs = tallies[kind][VIDSHARP], tallies[kind][filtered]
            ratios = [
                ours.whole("cpu_s", frames) / theirs.whole("cpu_s", frames),
                ours.each("cpu_s") / theirs.each("cpu_s"),
            ]
            rows.append([f"{kind}: CPU ≤ 1.0 × `{filtered}`", *(_held(r, r <= 1) for r in ratios)])
    for kind, wanted in (("gallery", 30), ("slides", 30), ("speaker", 20)):
        if kind in tallies:
            ours = tallies[kind][VIDSHARP]
            rates = [frames / ours.whole("wall_s", frames), 1 / ours.each("wall_s")]
            rows.append([f"{kind}: at least {wanted} frames per s", *(_held(r, r >= wanted) for r in rates)])
    for kind, contenders in tallies.items():
        ours = contenders[VIDSHARP]
        spreads = [
            _spread(ours.whole("wall_s", frames), ours.whole("cpu_s", frames)),
            _spread(ours.each("wall_s"), ours.each("cpu_s")),
        ]
        rows.append([f"{kind}: wall ≤ 1.15 × CPU / cores", *(_held(s, s <= 1.15) for s in spreads)])
    return rows


def _held(value: float, yes: bool) -> str:
    return said(value) if math.isnan(value) else f"{said(value, 2)} {'✓' if yes else '✗'}"


def _chart(tallies: dict[str, dict[str, Tally]], frames: int) -> str:
    groups: dict[str, list[Bar]] = {}
    for kind, contenders in tallies.items():
        for name, tally in contenders.items():
            whole, each = 1e3 * tally.whole("cpu_s", frames) / frames, 1e3 * tally.each("cpu_s")
            if math.isnan(whole + each):
                continue
            start = max(0.0, whole - each)
            bar = Bar(name, each, start, f"{each:.0f} + {start:.0f} ms", name.startswith("vidsharp"))
            groups.setdefault(f"{kind}: {RECORDINGS[kind]}", []).append(bar)
    title = "Processor time per 1080p frame, whole process, same encoder"
    return bar_chart(title, f"solid: frame by frame; faint: start-up, spread over {frames} frames", groups)


if __name__ == "__main__":
    main()
