"""The cost of each level with each encoder: PSNR and SSIM of luma, bits, and time, as a table.

    python -m vidsharp.training.simulate.survey DATA [--frames 60] [--seeds 2]

DATA is a folder of sharp clips. Every encoder gets the same seeds, and so the same draws of everything else.
"""

import argparse
import time
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from av import VideoFrame

from ...models.open_media import open_media
from ..loss.losses import psnr, ssim
from .call import simulate_call
from .draw import draw_parameters
from .encoders import ENCODERS, here
from .line import through_line
from .parameters import LEVELS, LineParameters
from .scaling import scaled

SIZE = (640, 360)
EVERY = 4
"""One picture in so many is measured."""


class Figures(NamedTuple):
    """Of one call."""

    psnr_db: float
    ssim: float
    asked: float
    used: float
    """Bits per pixel that the line was to carry, and carried; 0 where nothing is encoded."""
    seconds: float
    """Of one core, for 60 pictures."""


def survey(clips: Sequence[Path], frames: int, seeds: int) -> Iterator[str]:
    """Lines of a Markdown table: for each level and encoder, means over clips and seeds.

    Args:
        frames: pictures at most from each clip.
    """
    yield "| level | encoder | PSNR, dB | SSIM | bits per pixel: asked | used | core-s per 60 pictures |"
    yield "|---|---|---|---|---|---|---|"
    sharp = [_first(clip, frames) for clip in clips]
    for level in LEVELS:
        for encoder in [None] if level == "light" else here(ENCODERS):
            figures = [
                _figures(pictures, draw_parameters(level, seed, "all", encoder=encoder))
                for pictures in sharp
                for seed in range(seeds)
            ]
            mean = Figures(*np.mean(figures, axis=0))
            name = encoder or "–"
            bits = f"{mean.asked:.3f} | {mean.used:.3f}" if encoder else "– | –"
            yield f"| {level} | {name} | {mean.psnr_db:.1f} | {mean.ssim:.3f} | {bits} | {mean.seconds:.2f} |"


def _first(clip: Path, count: int) -> list[VideoFrame]:
    with open_media(clip) as container:
        return [scaled(frame, *SIZE, "BICUBIC") for frame in islice(container.decode(video=0), count)]


def _figures(frames: Sequence[VideoFrame], parameters: LineParameters) -> Figures:
    began = time.process_time()
    call = simulate_call(frames, parameters.level, 0, parameters=parameters)
    seconds = (time.process_time() - began) * 60 / len(frames)
    pairs = list(zip(call.soft, call.sharp, strict=True))[EVERY - 1 :: EVERY]
    soft, original = (torch.stack([_luma(f) for f in side]) for side in zip(*pairs, strict=True))
    asked = used = 0.0
    if parameters.bits_per_pixel is not None:
        steady = replace(parameters, rates=parameters.rates[:1], dips=(), losses=())
        sent = list(through_line(frames, steady, 30.0))
        pixels = sum(s.facts.sent_width * s.facts.sent_height for s in sent)
        asked = parameters.bits_per_pixel * parameters.rates[0].factor
        used = sum(s.bits for s in sent) / pixels
    return Figures(float(psnr(soft, original).mean()), float(ssim(soft, original).mean()), asked, used, seconds)


def _luma(frame: VideoFrame) -> torch.Tensor:
    """float32 [1, H, W] in 0..1."""
    plane = frame.to_ndarray()[: frame.height].astype(np.float32) / 255
    return torch.from_numpy(plane)[None]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--frames", type=int, default=60)
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--clips", type=int, default=6, help="take so many, spread over the folder by name")
    args = parser.parse_args()
    files = sorted(args.data.iterdir())
    torch.set_num_threads(1)
    for line in survey(files[:: max(len(files) // args.clips, 1)][: args.clips], args.frames, args.seeds):
        print(line, flush=True)


if __name__ == "__main__":
    main()
