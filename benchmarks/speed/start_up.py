"""What `vidsharp process` takes until it works, and for short recordings, beside another version of it.

    python -m benchmarks.speed.start_up [--before PYTHON] [--engine local|ray] [--seconds 1 10] [--rounds 5]

Makes sample calls of 1 s and 10 s. "Ready" is the first worker's answer that a recording can be begun: its student is
loaded, and the recording is read and planned. Beside it stands what cannot be spared: with Ray, what that takes by
itself until an actor that does nothing has answered, started with the same options; and ffmpeg, which decodes and
encodes a recording alike without any filter. Versions take turns; of several rounds the least counts, since whatever
else the machine does only adds. Prints a table, with the ratio to the other version where one is named. Both run from
bytecode, as what pip has installed does, also where the environment forbids a clone to write it.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from vidsharp.jobs.tools.sample_call import make_sample_call
from vidsharp.models.cores import usable_cores
from vidsharp.pipeline.atomic import make_folder
from vidsharp.reports.templates.markdown import markdown_table

from benchmarks.speed.against_ffmpeg import CONTENDERS
from benchmarks.speed.measured_process import Cost, measure, measure_until

READY = ": started, "
"""What the log says of a recording that has been planned."""

RAY_ALONE = """
import sys
import ray
ray.init(
    address="local", num_cpus=int(sys.argv[1]), include_dashboard=False, object_store_memory=100 * 1024**2,
    log_to_driver=False,
)
actor = ray.remote(type("Nothing", (), {"answer": lambda self: 1})).options(num_cpus=1).remote()
assert ray.get(actor.answer.remote()) == 1
print("answered", file=sys.stderr, flush=True)
"""
"""Given the number of cores."""

Figures = dict[str, float]
"""Seconds by what they were spent on."""


def main() -> None:
    parser = argparse.ArgumentParser(description="What vidsharp takes until it works")
    parser.add_argument("--before", type=Path, metavar="PYTHON", help="an interpreter with the version to compare with")
    parser.add_argument("--engine", default="local", help="of this version")
    parser.add_argument("--engine-before", help="of the other version [default: as --engine; '' where it knew but one]")
    parser.add_argument("--seconds", type=int, nargs="*", default=[1, 10], help="lengths of recordings to sharpen")
    parser.add_argument("--rounds", type=int, default=5)
    said = parser.parse_args()
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # with it, each process compiles its source: 0.2 s of the CPU
    runs: dict[str, Callable[[Path, Path], Figures]] = {
        "now": lambda calls, out: figures(Path(sys.executable), said.engine, calls, out, said.seconds)
    }
    if said.before:
        engine = said.engine if said.engine_before is None else said.engine_before
        runs = {"before": lambda calls, out: figures(said.before, engine, calls, out, said.seconds), **runs}
    runs["alone"] = lambda calls, out: alone(said.engine, calls, out, said.seconds)
    with tempfile.TemporaryDirectory() as folder:
        calls = Path(folder) / "calls"
        calls.mkdir()
        for seconds in {1, *said.seconds}:
            make_sample_call(calls / f"{seconds}.mp4", seconds=seconds)
        rounds: dict[str, list[Figures]] = {name: [] for name in runs}
        for number in range(said.rounds):
            for name, run in runs.items():
                rounds[name].append(run(calls, Path(folder) / f"{name}-{number}"))
                print(f"{name}, round {number + 1}: {rounds[name][-1]}", file=sys.stderr)
    print(_table({name: _least(of) for name, of in rounds.items()}))


def figures(python: Path, engine: str, calls: Path, out: Path, lengths_s: Sequence[int]) -> Figures:
    """One round of one version.

    Args:
        calls: folder with the recordings.
        engine: empty for a version that has but one.
        out: folder for results, which is not there yet.
    """

    def command(seconds: int, into: str) -> list[str | Path]:
        options = [*(["--engine", engine] if engine else []), "--out", out / into]
        return [python, "-m", "vidsharp.jobs.cli", "process", calls / f"{seconds}.mp4", *options]

    ready = measure_until(command(1, "ready"), READY)
    found = {"ready: wall s": ready.wall_s, "ready: CPU s": ready.cpu_s}
    for seconds in lengths_s:
        cost = measure(command(seconds, f"{seconds}"))
        found |= _clip(seconds, cost)
    return {name: round(value, 3) for name, value in found.items()}


def alone(engine: str, calls: Path, out: Path, lengths_s: Sequence[int]) -> Figures:
    """The same of Ray, where it is the engine, and of ffmpeg, without vidsharp."""
    found: Figures = {}
    if engine != "local":
        ready = measure_until([sys.executable, "-c", RAY_ALONE, str(usable_cores())], "answered")
        found |= {"ready: wall s": ready.wall_s, "ready: CPU s": ready.cpu_s}
    make_folder(out)
    for seconds in lengths_s:
        found |= _clip(seconds, measure(CONTENDERS["ffmpeg"](calls / f"{seconds}.mp4", out)))
    return {name: round(value, 3) for name, value in found.items()}


def _clip(seconds: int, cost: Cost) -> Figures:
    return {f"{seconds} s clip: wall s": cost.wall_s, f"{seconds} s clip: CPU s": cost.cpu_s}


def _least(rounds: list[Figures]) -> Figures:
    return {name: min(each[name] for each in rounds) for name in rounds[0]}


def _table(least: dict[str, Figures]) -> str:
    header = ["", *least, *(["now ÷ before"] if "before" in least else [])]
    rows = []
    for name in least["now"]:
        cells = [f"{of[name]:.2f}" if name in of else "–" for of in least.values()]
        ratio = [f"{least['now'][name] / least['before'][name]:.2f}"] if "before" in least else []
        rows.append([name, *cells, *ratio])
    return markdown_table(header, rows, text_columns=1)


if __name__ == "__main__":
    main()
