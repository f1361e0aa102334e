"""Measures whether students leave hard edges hard: bars and tiles on the codec's grid, coded well and coarsely.

    python -m benchmarks.quality.hard_edges --model fast --model balanced --model fast-0.1

Prints, for each method, how much farther from the original the four rows on each side of an edge are than in the
input, in codes: mean, worst, and how many of the edges by more than two.
"""

import argparse
from functools import partial

import numpy as np
from vidsharp.models.nets.look import StudentLook, parse_look
from vidsharp.reports.evaluation.evaluation_tables import IDENTITY
from vidsharp.reports.templates.markdown import markdown_table
from vidsharp.training.evaluation.evaluation_pictures import CLIP_FORMAT
from vidsharp.training.evaluation.hard_edges import growth, hard_edges
from vidsharp.training.evaluation.methods import Method, methods


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--model", action="append", required=True)
    parser.add_argument("--look", default=None)
    args = parser.parse_args()
    edges = list(hard_edges())
    students = [StudentLook(model, parse_look(args.look) if args.look else None) for model in args.model]
    rows = []
    for name, method in methods(students, device="cpu", threads=1).items():
        if name != IDENTITY:
            grown = np.array(growth(partial(_luma_of, method), edges))
            rows.append([name, f"{grown.mean():+.2f}", f"{grown.max():+.1f}", f"{int((grown > 2).sum())}"])
    print(markdown_table([f"of {len(edges)} edges", "mean, codes", "worst, codes", "by more than 2"], rows))


def _luma_of(method: Method, luma: np.ndarray) -> np.ndarray:
    chroma = np.full((2, luma.shape[0] // 2, luma.shape[1] // 2), 128, np.uint8)
    return method([luma, *chroma], CLIP_FORMAT)[0]


if __name__ == "__main__":
    main()
