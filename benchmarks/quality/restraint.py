"""What a student gains where it changes less beside strong contrast: a trial, before any kernel is written for it.

    python -m benchmarks.quality.restraint DATA --model fast --levels light,medium,heavy --every 4

Where codes within 7×7 pixels span LOW or less, the student's change stays as it is; where they span HIGH or more,
LEAST of it is left, and in between it fades (a cubic). `--restraint LOW,HIGH,LEAST` may be given several times. Prints,
on the last picture of every N-th source of the benchmark, means and the worst source of the gains over doing nothing.
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from scipy.ndimage import maximum_filter, minimum_filter
from vidsharp.models.enhance import Enhancer
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.reports.evaluation.evaluation_tables import IDENTITY
from vidsharp.reports.templates.markdown import markdown_table
from vidsharp.training.benchmark.pictures import recording, sharp_pictures
from vidsharp.training.benchmark.sources import benchmark_sources
from vidsharp.training.evaluation.evaluation_pictures import Planes
from vidsharp.training.evaluation.measure_pictures import Figures, measure_pictures
from vidsharp.training.evaluation.methods import Method

WINDOW_PX = 7


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--model", action="append", required=True)
    parser.add_argument("--levels", default="light,medium,heavy")
    parser.add_argument("--every", type=int, default=4, help="one in so many sources")
    parser.add_argument("--restraint", action="append", help="LOW,HIGH,LEAST [96,176,0.5]")
    args = parser.parse_args()
    ways = [tuple(map(float, text.split(","))) for text in args.restraint or ["96,176,0.5"]]
    methods: dict[str, Method] = {IDENTITY: lambda planes, fmt: planes}
    for model in args.model:
        enhancer = Enhancer(model, threads=1)
        methods[model] = partial(_sharpened, enhancer, 256, 256, 1.0)
        methods |= {f"{model}, {way}": partial(_sharpened, enhancer, *way) for way in ways}
    for level in args.levels.split(","):
        gains: dict[str, list[np.ndarray]] = {name: [] for name in methods if name != IDENTITY}
        for source in benchmark_sources()[1 :: args.every]:
            made = recording(source, sharp_pictures(source, args.data), level, seed=0)
            figures = measure_pictures(made.places[-1:], methods, vmaf=True).figures
            for name, rows in gains.items():
                rows.append(_figures(figures[name][0]) - _figures(figures[IDENTITY][0]))
        print(markdown_table([level, "PSNR, dB", "SSIM", "VMAF-NEG"], [_row(*each) for each in gains.items()]))


def _sharpened(enhancer: Enhancer, low: float, high: float, least: float, planes: Planes, fmt: PlaneFormat) -> Planes:
    luma = planes[0]
    made = enhancer.planes([luma], fmt)[0]
    if made is None:
        return planes
    span = maximum_filter(luma, WINDOW_PX).astype(np.float32) - minimum_filter(luma, WINDOW_PX)
    t = np.clip((span - low) / max(high - low, 1), 0, 1)
    share = 1 - (1 - least) * t * t * (3 - 2 * t)
    changed = luma + share * (made.astype(np.float32) - luma)
    return [np.clip(np.rint(changed), 0, fmt.peak).astype(luma.dtype), *planes[1:]]


def _figures(of: Figures) -> np.ndarray:
    return np.array([of.psnr_db, of.ssim, np.nan if of.vmaf_neg is None else of.vmaf_neg])


def _row(name: str, gains: list[np.ndarray]) -> list[str]:
    mean, worst = np.nanmean(gains, axis=0), np.nanmin(gains, axis=0)
    return [name, *(f"{m:+.{n}f} (worst {w:+.{n}f})" for m, w, n in zip(mean, worst, (2, 4, 1), strict=True))]


if __name__ == "__main__":
    main()
