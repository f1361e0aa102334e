"""What measuring one 1080p frame costs, metric by metric, with scikit-image's SSIM beside ours.

    OPENBLAS_NUM_THREADS=1 python benchmarks/speed/metrics.py [--runs 30]

Milliseconds of wall and of processor time, each the least of all runs. The metrics take turns, so that whatever else
the machine does meets all of them. "All" is what the job measures of a frame without a reference.
"""

import argparse
import math
import time
from collections.abc import Callable

import numpy as np
from skimage import data
from skimage.metrics import structural_similarity
from skimage.transform import resize
from vidsharp.reports.metrics.frame_metrics import change, psnr, sharpness
from vidsharp.reports.metrics.ssim import ssim

SIZE = (1080, 1920)


def planes(bit_depth: int) -> tuple[np.ndarray, np.ndarray]:
    """A photo's luma, and the same with noise."""
    white = 2**bit_depth - 1
    photo = np.asarray(resize(data.astronaut().mean(axis=2) / 255, SIZE)) * white
    noise = np.random.default_rng(0).normal(0, white / 64, SIZE)
    dtype = np.uint8 if bit_depth == 8 else np.uint16
    return photo.astype(dtype), np.clip(photo + noise, 0, white).astype(dtype)


def metrics(x: np.ndarray, y: np.ndarray, bit_depth: int) -> dict[str, Callable[[], object]]:
    """What is timed, by name."""

    def everything() -> None:
        ssim(x, y, bit_depth)
        psnr(x, y, bit_depth)
        for frame, before in ((x, y), (y, x)):
            sharpness(frame, bit_depth)
            change(frame, before, bit_depth)

    return {
        "SSIM": lambda: ssim(x, y, bit_depth),
        "PSNR": lambda: psnr(x, y, bit_depth),
        "sharpness": lambda: sharpness(x, bit_depth),
        "change": lambda: change(x, y, bit_depth),
        "all (SSIM, PSNR, 2 × sharpness, 2 × change)": everything,
        "scikit-image's SSIM": lambda: structural_similarity(
            x, y, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=2**bit_depth - 1
        ),
    }


def least(todo: dict[str, Callable[[], object]], runs: int) -> dict[str, tuple[float, float]]:
    """Wall and processor seconds of the quickest run of each; what takes over half a second has only three runs."""
    best = dict.fromkeys(todo, (math.inf, math.inf))
    for run in range(runs):
        for name, call in todo.items():
            if run < 3 or best[name][0] < 0.5:
                wall, cpu = time.perf_counter(), time.process_time()
                call()
                spent = time.perf_counter() - wall, time.process_time() - cpu
                best[name] = min(best[name][0], spent[0]), min(best[name][1], spent[1])
    return best


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--runs", type=int, default=30)
    args = parser.parse_args()
    print(f"least of {args.runs} runs\n")
    print("| one 1080p frame | bits | wall ms | CPU ms |\n|---|---|---|---|")
    for bit_depth in (8, 10):
        x, y = planes(bit_depth)
        for name, (wall, cpu) in least(metrics(x, y, bit_depth), args.runs).items():
            print(f"| {name} | {bit_depth} | {wall * 1e3:.1f} | {cpu * 1e3:.1f} |", flush=True)


if __name__ == "__main__":
    main()
