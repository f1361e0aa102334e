"""How much motion blur students take away: sharp pictures of the benchmark, blurred as by a moving hand.

    python -m benchmarks.quality.motion_blur DATA --model fast --model balanced
    python -m benchmarks.quality.motion_blur CACHE --model runs/on/weights.safetensors --count 40

Of each source that a camera filmed, the middle of its middle picture is taken and moved 3 to 12 px, in a direction and
on a bend that are drawn by the source's name, as by a hand that holds the camera; the mean of places half a pixel
apart, in linear light, is what a long exposure would have seen. No line, no codec: what is measured is motion blur
alone, on luma. It is not made as in training (`training/data/camera_shake.py`), which draws longer and shorter ways.
Prints means with 95 % intervals over sources, and how many gain and lose.

Given a cache of windows instead, it takes windows that are kept for validation: to choose by.
"""

import argparse
import cmath
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy.ndimage import shift
from vidsharp.reports.evaluation.evaluation_tables import IDENTITY
from vidsharp.reports.metrics.statistics import bootstrap_interval
from vidsharp.reports.templates.markdown import markdown_table
from vidsharp.training.benchmark.pictures import sharp_pictures
from vidsharp.training.benchmark.sources import benchmark_sources
from vidsharp.training.data.window_cache import INDEX, RADIUS, open_window_cache, planes_of
from vidsharp.training.evaluation.evaluation_pictures import CLIP_FORMAT, Position, frame_planes
from vidsharp.training.evaluation.measure_pictures import Figures, measure_pictures
from vidsharp.training.evaluation.methods import methods
from vidsharp.training.loop.validate import spread_out

from benchmarks.quality.on_windows import students_named

SHORTEST_PX, LONGEST_PX = 3.0, 12.0
BEND = 0.2
"""Most that the middle of a way lies beside it, as a share of its length."""
PART_PX = (360, 480)
"""What is taken of a picture at most."""
GAMMA = 2.2
FIGURES = {"PSNR, dB": ("psnr_db", 2), "SSIM": ("ssim", 4), "VMAF-NEG": ("vmaf_neg", 1)}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path, help="the benchmark's files, or a cache of windows")
    parser.add_argument("--model", action="append", required=True)
    parser.add_argument("--look", action="append", default=[])
    parser.add_argument("--count", type=int, default=20)
    args = parser.parse_args()
    named = methods(students_named(args.model, args.look), device="cpu", threads=1)
    gains: dict[str, list[list[float]]] = {name: [] for name in named if name != IDENTITY}
    before = []
    pictures = _windows(args.data, args.count) if (args.data / INDEX).is_file() else _pictures(args.data, args.count)
    for name, planes in pictures:
        soft = [exposed(planes[0], *way_of(random.Random(name))), *planes[1:]]
        made = measure_pictures([Position("0", CLIP_FORMAT, soft, planes, None)], named, vmaf=True).figures
        own = values_of(made[IDENTITY][0])
        before.append(own)
        for method, rows in gains.items():
            rows.append([after - value for after, value in zip(values_of(made[method][0]), own, strict=True)])
    means = np.mean(before, axis=0)
    header = [f"{len(before)} pictures", *FIGURES, "better, worse by dB"]
    lines = [[IDENTITY, *(f"{mean:.{n}f}" for mean, (_, n) in zip(means, FIGURES.values(), strict=True)), ""]]
    for name, rows in gains.items():
        of_pictures = np.array(rows)
        better, worse = (of_pictures[:, 0] > 0).sum(), (of_pictures[:, 0] < 0).sum()
        lines.append([name, *gain_cells(of_pictures), f"{better}, {worse}"])
    print(markdown_table(header, lines))


def gain_cells(gains: np.ndarray) -> list[str]:
    """Means with 95 % intervals over sources, as a table shows them.

    Args:
        gains: float [sources, 3]: one of each of `FIGURES`.
    """
    cells = []
    for column, (_, n) in zip(gains.T, FIGURES.values(), strict=True):
        low, high = bootstrap_interval(column, 0, 2000)
        interval = "" if low is None else f" [{low:+.{n}f}, {high:+.{n}f}]"
        cells.append(f"{column.mean():+.{n}f}{interval}")
    return cells


def way_of(rng: random.Random) -> tuple[complex, complex]:
    """Where a hand moves the camera while the shutter is open, as the way from end to end, and how far its middle lies
    beside it; pixels to the right and, times i, down."""
    way = cmath.rect(rng.uniform(SHORTEST_PX, LONGEST_PX), rng.uniform(0, 2 * cmath.pi))
    return way, way * 1j * rng.uniform(-BEND, BEND)


def exposed(luma: np.ndarray, way: complex, beside: complex) -> np.ndarray:
    """A picture as a long exposure sees it, the picture itself in the mean of its places.

    Args:
        luma: uint8 [H, W].
        way, beside: as `way_of`.
    """
    light = (luma / 255.0) ** GAMMA
    times = np.linspace(-0.5, 0.5, 2 * round(abs(way)) + 1)
    places = times * way - 4 * times**2 * beside
    seen = [shift(light, (at.imag, at.real), order=3, mode="nearest") for at in places - places.mean()]
    return np.rint(255 * np.clip(np.mean(seen, axis=0), 0, 1) ** (1 / GAMMA)).astype(np.uint8)


def _pictures(data: Path, count: int) -> Iterator[tuple[str, list[np.ndarray]]]:
    """The name of a source of the benchmark, and the middle of its middle picture."""
    filmed = [source for source in benchmark_sources() if source.group != "screens"]
    for source in filmed[:count]:
        frames = sharp_pictures(source, data).frames
        yield source.name, _part(frame_planes(frames[len(frames) // 2]))


def _windows(folder: Path, count: int) -> Iterator[tuple[str, list[np.ndarray]]]:
    """The same of windows that are kept for validation: their sharp centres, from as many sources as can be."""
    cache = open_window_cache(folder, "val")
    filmed = [index for index in range(len(cache.levels)) if cache.filmed(index)]
    levels, sources = ([of[index] for index in filmed] for of in (cache.levels, cache.sources))
    for index in (filmed[place] for place in spread_out(levels, sources, count)):
        _, sharp = cache.planes(index)
        yield f"{cache.sources[index]} {index}", planes_of(sharp[RADIUS])


def _part(planes: list[np.ndarray]) -> list[np.ndarray]:
    """At most `PART_PX` in the middle of planes of 4:2:0."""
    h, w = planes[0].shape
    high, wide = (min(size, most) // 4 * 4 for size, most in zip((h, w), PART_PX, strict=True))
    top, left = (h - high) // 4 * 2, (w - wide) // 4 * 2
    luma, *chroma = planes
    halved = [plane[top // 2 : (top + high) // 2, left // 2 : (left + wide) // 2] for plane in chroma]
    return [np.ascontiguousarray(plane) for plane in (luma[top : top + high, left : left + wide], *halved)]


def values_of(of: Figures) -> list[float]:
    """Those of `FIGURES`, in their order; NaN for what was not measured."""
    values = [getattr(of, name) for name, _ in FIGURES.values()]
    return [float("nan") if value is None else value for value in values]


if __name__ == "__main__":
    main()
