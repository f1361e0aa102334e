"""Measures a student on unseen clips made soft by `simulate`, beside doing nothing, unsharp mask and CAS.

    python -m vidsharp.training.evaluate --model fast --data FOLDER --out DIR

PSNR (at most 60 dB) and SSIM (Wang et al. 2004) on luma against the sharp clip; means over sources, with a 95 %
bootstrap interval over sources for the gain. The level `sharp` is the clip as it is: what a student breaks there, it
breaks in good recordings. The student runs as in the product, on 8-bit planes. Writes `rows.csv` and `summary.md`.
"""

import argparse
import csv
import sys
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import torch
from av import VideoFrame

from ..models.enhance import Enhancer, PlaneFormat
from .classic import cas, unsharp_mask
from .losses import psnr, ssim
from .simulate import LEVELS, SimulationError, simulate_frames

SUFFIXES = {".mp4", ".mkv", ".mov", ".mts", ".webm"}
SKIPPED = ("foreman-hevc-384.mp4",)
"""Too compressed to be anyone's sharp original."""
Method = Callable[[VideoFrame], np.ndarray]


@dataclass(frozen=True)
class Row:
    """A source at a level, sharpened by a method: means over its measured frames."""

    source: str
    level: str
    method: str
    psnr_db: float
    ssim: float


def evaluate(
    files: Iterable[Path], model: str, *, levels: Sequence[str], length: int, every: int, threads: int
) -> list[Row]:
    """Degrades the first `length` frames of each clip, sharpens every `every`-th with each method, and measures.

    Raises:
        ModelError, CheckpointError: as `Enhancer`.
        SimulationError: no such level, or a clip without frames.
    """
    enhancer = Enhancer(model, threads=threads)
    methods: dict[str, Method] = {
        "identity": _luma,
        "unsharp": lambda frame: unsharp_mask(_luma(frame)),
        "cas": lambda frame: cas(_luma(frame)),
        enhancer.name: lambda frame: _student(enhancer, frame),
    }
    rows = []
    for file in files:
        sharp = _first_frames(file, length)
        if not sharp:
            raise SimulationError(f"'{file}' has no video frame that can be decoded.")
        for level in levels:
            soft = sharp if level == "sharp" else simulate_frames(sharp, level, zlib.crc32(file.name.encode()))
            pairs = [(f, original) for f, original in zip(soft, sharp, strict=True) if isinstance(f, VideoFrame)]
            measured = pairs[every - 1 :: every] or pairs[-1:]  # of a short clip, its last frame
            for name, method in methods.items():
                scores = [_score(method(frame), _luma(original)) for frame, original in measured]
                rows.append(Row(file.stem, level, name, *(float(v) for v in np.mean(scores, axis=0))))
    return rows


def summarise(rows: Sequence[Row], seed: int = 0, draws: int = 2000) -> str:
    """A Markdown table: for each level and method the means over sources, and the gain over identity."""
    lines = [
        "| level | method | PSNR dB | SSIM | PSNR gain dB [95 %] | SSIM gain [95 %] |",
        "|---|---|---|---|---|---|",
    ]
    methods = list(dict.fromkeys(row.method for row in rows))
    levels = list(dict.fromkeys(row.level for row in rows))
    call = [level for level in levels if level in ("light", "medium", "heavy")]
    for group in [*([level] for level in levels), call]:
        base = _by_source(rows, "identity", group)
        for method in methods:
            values = _by_source(rows, method, group)
            gains = values - base
            picks = np.random.default_rng(seed).integers(0, len(gains), (draws, len(gains)))
            low, high = np.percentile(gains[picks].mean(axis=1), [2.5, 97.5], axis=0)
            mean, gain = values.mean(axis=0), gains.mean(axis=0)
            lines.append(
                f"| {'+'.join(group)} | {method} | {mean[0]:.2f} | {mean[1]:.4f} "
                f"| {gain[0]:+.3f} [{low[0]:+.3f}, {high[0]:+.3f}] | {gain[1]:+.4f} [{low[1]:+.4f}, {high[1]:+.4f}] |"
            )
    return "\n".join(lines) + "\n"


def _by_source(rows: Sequence[Row], method: str, levels: Sequence[str]) -> np.ndarray:
    """[sources, 2]: PSNR and SSIM of a method, the mean over some levels."""
    table: dict[str, list[tuple[float, float]]] = {}
    for row in rows:
        if row.method == method and row.level in levels:
            table.setdefault(row.source, []).append((row.psnr_db, row.ssim))
    return np.array([np.mean(values, axis=0) for values in table.values()])


def _first_frames(file: Path, length: int) -> list[VideoFrame]:
    frames: list[VideoFrame] = []
    with av.open(str(file)) as container:
        for frame in container.decode(video=0):
            frames.append(frame.reformat(frame.width // 2 * 2, frame.height // 2 * 2, "yuv420p"))
            if len(frames) == length:
                break
    return frames


def _planes(frame: VideoFrame) -> list[np.ndarray]:
    """uint8 [H, W], [H/2, W/2], [H/2, W/2]: views into one copy of the frame."""
    whole, h, w = frame.to_ndarray(format="yuv420p").astype(np.uint8), frame.height, frame.width
    chroma = whole[h:].reshape(2, h // 2, w // 2)
    return [whole[:h], chroma[0], chroma[1]]


def _luma(frame: VideoFrame) -> np.ndarray:
    return _planes(frame)[0]


def _student(enhancer: Enhancer, frame: VideoFrame) -> np.ndarray:
    planes = _planes(frame)
    out = enhancer.planes(planes, PlaneFormat(8, full_range=False, matrix="bt709", chroma_left=True))[0]
    return planes[0] if out is None else out


def _score(out: np.ndarray, original: np.ndarray) -> tuple[float, float]:
    x, y = (torch.from_numpy(p.astype(np.float32))[None, None] for p in (out, original))
    return float(psnr(x, y, 255.0)), float(ssim(x.double(), y.double(), 255.0))


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--model", required=True, help="a shipped name or a checkpoint file")
    parser.add_argument("--data", type=Path, required=True, help="folder of sharp clips; DATA/eval where it exists")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--levels", nargs="+", default=[*LEVELS, "sharp"])
    parser.add_argument("--frames", type=int, default=40, help="frames of each clip that are degraded")
    parser.add_argument("--every", type=int, default=8, help="measure one frame in so many")
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    folder = args.data / "eval" if (args.data / "eval").is_dir() else args.data
    files = sorted(f for f in folder.iterdir() if f.suffix in SUFFIXES and f.name not in SKIPPED)
    if not files:
        sys.exit(f"'{folder}' holds no clips to evaluate on.")
    try:
        rows = evaluate(
            files, args.model, levels=args.levels, length=args.frames, every=args.every, threads=args.threads
        )
    except (SimulationError, ValueError) as error:
        sys.exit(str(error))
    args.out.mkdir(parents=True, exist_ok=True)
    with (args.out / "rows.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["source", "level", "method", "psnr_db", "ssim"])
        table.writerows([r.source, r.level, r.method, f"{r.psnr_db:.4f}", f"{r.ssim:.6f}"] for r in rows)
    summary = f"{len(files)} sources, {args.frames} frames each, one in {args.every} measured.\n\n{summarise(rows)}"
    (args.out / "summary.md").write_text(summary)
    print(summary)


if __name__ == "__main__":
    main()
