"""Do students see blocks that lie on their own grid? The same students on the same pictures, moved off it.

    python -m benchmarks.quality.grid_shift DATA --model fast --model balanced --level compressed

A student's guide looks at cells of 4×4 pixels, each less its mean, so a step from one cell to the next is nothing that
it sees unless it looks between cells, too, and a recorder's blocks begin where cells do. Here pictures get two more
rows and columns at their upper left before a student and lose them after it. Prints what that adds to the student's
gain on the benchmark's sources, and what the mean of both adds, with 95 % intervals over sources (several pictures of
each, of the first seed); and what is left of the steps between drawn blocks, each of a grey of its own, on the grid and
off it.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.reports.evaluation.evaluation_tables import CLASSIC, IDENTITY
from vidsharp.reports.templates.markdown import markdown_table
from vidsharp.training.benchmark.pictures import recording, sharp_pictures
from vidsharp.training.benchmark.sources import benchmark_sources
from vidsharp.training.evaluation.evaluation_pictures import ALL_LEVELS, CLIP_FORMAT, Planes
from vidsharp.training.evaluation.measure_pictures import measure_pictures
from vidsharp.training.evaluation.methods import Method, methods

from benchmarks.quality.motion_blur import FIGURES, gain_cells, values_of
from benchmarks.quality.on_windows import students_named

MOVED_PX = 2
"""Half a cell."""
BLOCK_PX, BLOCKS = 16, 24
GREY, SPREAD = 120, 1.5
"""Mean and standard deviation of drawn blocks, in codes."""
EACH = 4
"""One picture of so many in a row is measured."""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path, help="the benchmark's files")
    parser.add_argument("--model", action="append", required=True)
    parser.add_argument("--look", action="append", default=[])
    parser.add_argument("--level", action="append", required=True, choices=ALL_LEVELS)
    parser.add_argument("--sources", type=int, default=33)
    args = parser.parse_args()
    torch.set_num_threads(1)
    all_methods = methods(students_named(args.model, args.look), device="cpu", threads=1)
    students = {name: method for name, method in all_methods.items() if name not in (IDENTITY, *CLASSIC)}
    rows = [
        [level, name, way, *gain_cells(np.array(gains))]
        for level in args.level
        for (name, way), gains in _added(args.data, students, level, args.sources).items()
    ]
    drawn = [
        [name, *(f"{100 * left(method):.0f} %" for method in (method, moved(method)))]
        for name, method in students.items()
    ]
    print(markdown_table(["steps left", "on the grid", "off it"], drawn))
    print(markdown_table(["level", "student", "way", *FIGURES], rows))


def moved(method: Method) -> Method:
    """A method that is shown luma `MOVED_PX` farther to the right and down; edges are repeated."""

    def sharpen(planes: Planes, fmt: PlaneFormat) -> Planes:
        luma = np.pad(planes[0], ((MOVED_PX, 0), (MOVED_PX, 0)), mode="edge")
        made = method([luma, *planes[1:]], fmt)[0]
        return [np.ascontiguousarray(made[MOVED_PX:, MOVED_PX:]), *planes[1:]]

    return sharpen


def mean_of_both(method: Method) -> Method:
    """A method asked twice, as it is and moved: the mean of its answers, halves rounded up."""

    def sharpen(planes: Planes, fmt: PlaneFormat) -> Planes:
        one, other = (each(planes, fmt)[0].astype(np.uint16) for each in (method, moved(method)))
        return [((one + other + 1) // 2).astype(planes[0].dtype), *planes[1:]]

    return sharpen


WAYS = {f"moved by {MOVED_PX} px": moved, "mean of both": mean_of_both}


def left(method: Method) -> float:
    """The share of the steps' energy that a method leaves in drawn blocks whose edges lie on the grid."""
    greys = np.random.default_rng(0).normal(GREY, SPREAD, (BLOCKS, BLOCKS)).round().astype(np.uint8)
    luma = np.kron(greys, np.ones((BLOCK_PX, BLOCK_PX), np.uint8))
    made = method([luma, *[luma[::2, ::2].copy() for _ in range(2)]], CLIP_FORMAT)[0]
    before, after = (np.square(np.diff(plane.astype(float))).sum() for plane in (luma, made))
    return after / before


def _added(data: Path, students: dict[str, Method], level: str, count: int) -> dict[tuple[str, str], list[np.ndarray]]:
    """What each of `WAYS` adds to each student's figures, one row of `FIGURES` for each source."""
    added: dict[tuple[str, str], list[np.ndarray]] = {(name, way): [] for name in students for way in WAYS}
    ways = {f"{name}, {way}": change(method) for name, method in students.items() for way, change in WAYS.items()}
    for source in benchmark_sources()[:count]:
        made = recording(source, sharp_pictures(source, data), level, 0)
        figures = measure_pictures(made.places[::EACH], students | ways, vmaf=True).figures
        for (name, way), of_source in added.items():
            here, there = (
                np.mean([values_of(row) for row in figures[method]], axis=0) for method in (name, f"{name}, {way}")
            )
            of_source.append(there - here)
    return added


if __name__ == "__main__":
    main()
