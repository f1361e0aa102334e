"""Measures methods on one source: how near they come to the sharp pictures, and how steady they are over time.

PSNR (at most 60 dB) and SSIM (Wang et al. 2004), on the 8-bit luma codes that come out, against the sharp picture.

For clips also the change over time, T(x) = mean |x_t − x_{t−1}| of luma over consecutive frames: flicker is
T(output) / T(sharp). What is promised is T(output) ≤ 1.05 · T(sharp): sharpening must not make a picture more restless
than its sharp original. Less is no error: a soft picture changes less than a sharp one. To bound the cost, only the
pairs (t − 1, t) that end at a measured frame t count.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from .evaluation_pictures import Planes, Position, positions
from .evaluation_sources import PairSequence, SharpClip
from .losses import psnr, ssim
from .methods import Method
from .strip import Strip, cut_strip

SHOWN = "medium"
"""The level nearest to what people complain of."""


@dataclass(frozen=True)
class Row:
    """One picture at a level, sharpened by a method."""

    source: str
    item: str
    """File name of the image, or number of the frame."""
    level: str
    method: str
    psnr_db: float
    ssim: float
    change: float | None
    """Mean |x_t − x_{t−1}| of the output's luma, in codes; None without a frame before."""
    change_sharp: float | None
    """The same of the sharp original."""


@dataclass(frozen=True)
class Measured:
    """All that one source gave."""

    rows: tuple[Row, ...]
    strip: Strip
    """How the methods look on the last picture measured at level `SHOWN`, or else at the first level."""


def measure(
    source: PairSequence | SharpClip, methods: Mapping[str, Method], levels: Sequence[str], frames: int, every: int
) -> Measured:
    """Runs every method on the same soft pictures of a source.

    Args:
        methods: by name, `identity` first.
        levels, frames, every: as `positions` takes them.

    Raises:
        DataError, SimulationError: as `positions`.
    """
    rows: list[Row] = []
    strip: Strip | None = None
    for level, places in positions(source, levels, frames, every):
        last: tuple[Position, Mapping[str, Planes]] | None = None
        for place in places:
            outputs = {name: method(place.soft, place.fmt) for name, method in methods.items()}
            change_sharp = None if place.before is None else _change(place.sharp[0], place.before[1][0])
            for name, method in methods.items():
                luma = outputs[name][0]
                change = None if place.before is None else _change(luma, method(place.before[0], place.fmt)[0])
                rows.append(
                    Row(source.name, place.item, level, name, *score(luma, place.sharp[0]), change, change_sharp)
                )
            last = place, outputs
        if last is not None and (strip is None or level == SHOWN):
            strip = cut_strip(source.name, level, *last)
    assert strip is not None, "a source has pictures, and there is a level"
    return Measured(tuple(rows), strip)


def score(luma: np.ndarray, sharp: np.ndarray) -> tuple[float, float]:
    """(PSNR in dB, SSIM) of uint8 [H, W] against its original."""
    x, y = (torch.from_numpy(plane.astype(np.float32))[None, None] for plane in (luma, sharp))
    return float(psnr(x, y, 255.0)), float(ssim(x.double(), y.double(), 255.0))


def _change(luma: np.ndarray, before: np.ndarray) -> float:
    return float(np.abs(luma.astype(np.int16) - before).mean())
