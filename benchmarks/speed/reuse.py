"""What exact reuse saves: 1080p call recordings, each frame sharpened with and without it, one after the other.

    python -m benchmarks.speed.reuse DATA --model fast --model balanced --frames 50

Prints, per recording and student: the share of pixels that were copied, milliseconds per frame without and with reuse,
the same for the frames that move most, and milliseconds to find what changed. Both results are compared, bit for bit.
"""

import argparse
import tempfile
from pathlib import Path
from time import perf_counter

import av
import numpy as np
from vidsharp.models.enhance import Enhancer
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.models.sequence.changes import changed_cells
from vidsharp.models.sequence.reuse import Reuse
from vidsharp.pipeline.sharpen import plane_arrays

from benchmarks.speed.call_clips import KINDS, record

FMT = PlaneFormat(8, full_range=False, matrix="bt709", chroma_left=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path, help="folder with eval/ and train/clips/")
    parser.add_argument("--model", action="append", help="student; more than one may be given")
    parser.add_argument("--kind", action="append", choices=KINDS)
    parser.add_argument("--frames", type=int, default=50)
    parser.add_argument("--first", type=int, default=0, help="frame to begin with")
    parser.add_argument("--repeats", type=int, default=3, help="times that each frame is done; the fastest counts")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--keep", type=Path, help="folder for the recordings; what lies there is used again")
    args = parser.parse_args()
    print("| recording | student | copied | ms whole | ms reuse | times as fast | finding, ms | equal |")
    print("|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for kind in args.kind or KINDS:
            path = folder / f"{kind}.mp4"
            if not path.exists():
                record(args.data, kind, path, 75)
            frames = _frames(path, args.first, args.frames)
            for model in args.model or ["fast"]:
                print(f"| {kind} | {model} | {_compare(frames, Enhancer(model, threads=args.threads), args.repeats)} |")


def _compare(frames: list[list[np.ndarray]], enhancer: Enhancer, repeats: int) -> str:
    """The row of a recording and a student: sums of each frame's fastest time, first frame left out."""
    whole, mine, finding = (np.full((repeats, len(frames)), np.inf) for _ in range(3))
    equal, reuse = True, Reuse(enhancer)
    for repeat in range(repeats):
        reuse = Reuse(enhancer)
        for number, planes in enumerate(frames):
            began = perf_counter()
            reused = reuse.planes(planes, FMT)
            middle = perf_counter()
            computed = enhancer.planes(planes, FMT)
            whole[repeat, number], mine[repeat, number] = perf_counter() - middle, middle - began
            equal &= all(_equal(a, b) for a, b in zip(reused, computed, strict=True))
            if number:
                began = perf_counter()
                changed_cells(frames[number - 1][: len(planes)], planes)
                finding[repeat, number] = perf_counter() - began
    slow, quick, find = (1e3 * times.min(axis=0)[1:].mean() for times in (whole, mine, finding))
    return (
        f"{reuse.share:.3f} | {slow:.1f} | {quick:.1f} | {slow / quick:.2f} | {find:.2f} | {'yes' if equal else 'NO'}"
    )


def _equal(one: np.ndarray | None, other: np.ndarray | None) -> bool:
    return other is None if one is None else other is not None and np.array_equal(one, other)


def _frames(path: Path, first: int, count: int) -> list[list[np.ndarray]]:
    """Copies of a recording's planes."""
    with av.open(str(path)) as clip:
        frames = (frame for number, frame in enumerate(clip.decode(video=0)) if first <= number < first + count)
        return [[np.ascontiguousarray(plane) for plane in plane_arrays(frame)] for frame in frames]


if __name__ == "__main__":
    main()
