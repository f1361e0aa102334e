"""Counts the words that a reader still gets right on the benchmark's screens, by a student's strength.

    python -m benchmarks.quality.words_by_strength DATA --level light --model fast --strength 0.5 --strength 1

Beside students stands an unsharp mask of several amounts (a Gaussian of 1 px), since it can only make edges steeper.
Prints all words of the last picture of each screen's first recording: read right, read wrong, in %, and PSNR gain.
"""

import argparse
from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np
from vidsharp.models.enhance import Enhancer
from vidsharp.reports.metrics.frame_metrics import psnr
from vidsharp.reports.metrics.screen_reader import read_lines
from vidsharp.reports.templates.markdown import markdown_table
from vidsharp.training.benchmark.pictures import recording, sharp_pictures
from vidsharp.training.benchmark.sources import benchmark_sources
from vidsharp.training.evaluation.classic import unsharp_mask
from vidsharp.training.evaluation.evaluation_pictures import CLIP_FORMAT
from vidsharp.training.evaluation.read_words import count_words, read_words

AMOUNTS = (1, 2, 4)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--level", default="light")
    parser.add_argument("--model", action="append", help="student; more than one may be given")
    parser.add_argument("--strength", action="append", type=float, help="of each student; more than one may be given")
    args = parser.parse_args()
    ways = {"doing nothing": lambda luma: luma}
    for model in args.model or ["fast"]:
        for strength in args.strength or [0.5, 1.0]:
            enhancer = Enhancer(model, threads=1, strength=strength)
            ways[f"`{model}`, strength {strength:g}"] = partial(_sharpened, enhancer)
    ways |= {f"unsharp mask, amount {amount}": partial(unsharp_mask, amount=amount, sigma=1.0) for amount in AMOUNTS}
    counts: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    gains: defaultdict[str, list[float]] = defaultdict(list)
    for source in benchmark_sources():
        if source.group != "screens":
            continue
        made = recording(source, sharp_pictures(source, args.data), args.level, seed=0)
        place = made.places[-1]
        lumas = {name: way(place.soft[0]) for name, way in ways.items()}
        outputs = {name: [luma, *place.soft[1:]] for name, luma in lumas.items()}
        for name, words in read_words(place, outputs, read_lines, made.words).items():
            count = count_words(words)
            counts[name] = [a + b for a, b in zip(counts[name], (count.words, count.right, count.wrong), strict=True)]
            gains[name].append(psnr(lumas[name], place.sharp[0], 8) - psnr(place.soft[0], place.sharp[0], 8))
    head = [args.level, "words", "read right, %", "read wrong, %", "PSNR gain, dB"]
    rows = [
        [name, f"{words}", f"{100 * right / words:.0f}", f"{100 * wrong / words:.0f}", f"{np.mean(gains[name]):+.2f}"]
        for name, (words, right, wrong) in counts.items()
    ]
    print(markdown_table(head, rows))


def _sharpened(enhancer: Enhancer, luma: np.ndarray) -> np.ndarray:
    (made,) = enhancer.planes([luma], CLIP_FORMAT)
    return luma if made is None else made


if __name__ == "__main__":
    main()
