"""What the C library saves: a frame of noise through a blend student, by torch and by the library, in turns.

    python -m benchmarks.speed.fused_blend --model fast --model balanced --model chroma --threads 1

`chroma` is the chroma student, on both planes of a frame of 4:2:0. With `--recording FILE` it is that recording's first
frame.

Prints the fastest of all runs: milliseconds on the clock and, summed over all cores, of computing; and how many codes
differ from torch's. The other rows are the library, with each instruction set that it has for this processor, but for
plain C, which takes seconds.
"""

import argparse
from collections.abc import Callable
from functools import partial
from time import perf_counter, process_time

import av
import numpy as np
import torch
from vidsharp.models.cpu.torch_chroma import TorchChroma
from vidsharp.models.enhance import Enhancer
from vidsharp.models.fused.blend_library import GENERIC, instruction_sets
from vidsharp.models.fused.fused_blend import FusedBlend
from vidsharp.models.fused.fused_chroma import FusedChroma
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.models.nets.catalogue import load_student
from vidsharp.models.nets.chroma import load_chroma
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.pipeline.sharpen import plane_arrays

FMT = PlaneFormat(8, full_range=False, matrix="bt709", chroma_left=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--model", action="append", help="student; more than one may be given")
    parser.add_argument("--size", type=int, nargs=2, default=(1920, 1080), metavar=("WIDTH", "HEIGHT"))
    parser.add_argument("--recording")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    frame = _first_frame(args.recording) if args.recording else _noise(*args.size)
    print("| student | by | ms | core-ms | codes that differ | by at most |\n|---|---|---|---|---|---|")
    for model in args.model or ["fast"]:
        ways = _chroma_ways(frame, args.threads) if model == "chroma" else _ways(model, frame[0], args.threads)
        wanted = ways["torch"]()
        times = np.array([[_time(way) for way in ways.values()] for _ in range(args.runs)]).min(axis=0)
        for (name, way), (wall, cores) in zip(ways.items(), 1e3 * times, strict=True):
            difference = np.abs(way().astype(int) - wanted)
            share, most = (difference > 0).mean(), difference.max()
            print(f"| {model} | {name} | {wall:.1f} | {cores:.1f} | {share:.1e} | {most} |")


def _noise(width: int, height: int) -> list[np.ndarray]:
    noise, chroma = np.random.default_rng(0), (-(-height // 2), -(-width // 2))
    return [noise.integers(16, 236, size, dtype=np.uint8) for size in ((height, width), chroma, chroma)]


def _first_frame(recording: str) -> list[np.ndarray]:
    """Its planes, as 8-bit 4:2:0."""
    with av.open(recording) as container:
        frame = next(container.decode(video=0)).reformat(format="yuv420p", threads=1)
    return [np.array(plane) for plane in plane_arrays(frame)]


def _ways(model: str, luma: np.ndarray, threads: int) -> dict[str, Callable[[], np.ndarray]]:
    """Functions that sharpen the plane, by name."""
    plain, net = Enhancer(model, threads=threads, plain=True), load_student(model).net
    assert isinstance(net, BlendStudent), f"{model} is no blend student"
    ways: dict[str, Callable[[], np.ndarray]] = {"torch": lambda: plain.planes([luma], FMT)[0]}  # type: ignore[dict-item]
    for name in _sets():
        fused = FusedBlend(net.as_arrays(), 255, 1.0, name)
        ways[name] = partial(fused.sharpen, luma, threads)
    return ways


def _chroma_ways(frame: list[np.ndarray], threads: int) -> dict[str, Callable[[], np.ndarray]]:
    """Functions that restore Cb and Cr, by name."""
    net = load_chroma()
    torch.set_num_threads(threads)
    ways = {"torch": partial(TorchChroma(net, 1.0).planes, frame, FMT)}
    ways |= {name: partial(FusedChroma(net.as_arrays(), 1.0, threads, name).planes, frame, FMT) for name in _sets()}
    return {name: partial(_stacked, way) for name, way in ways.items()}


def _stacked(way: Callable[[], list[np.ndarray]]) -> np.ndarray:
    return np.stack(way())


def _sets() -> list[str]:
    return [name for name in instruction_sets() if name != GENERIC]


def _time(way: Callable[[], np.ndarray]) -> tuple[float, float]:
    """Seconds on the clock, and of computing on all cores."""
    wall, cores = perf_counter(), process_time()
    way()
    return perf_counter() - wall, process_time() - cores


if __name__ == "__main__":
    main()
