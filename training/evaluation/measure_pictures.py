"""Measures methods on some pictures of one source: each beside its sharp original, and over time.

PSNR (at most 60 dB) and SSIM (Wang et al. 2004) of the 8-bit luma codes that come out, PSNR of both chroma planes
together, the change from frame to frame, the detail that is kept of the original's, and, where they can be had, VMAF,
VMAF-NEG and XPSNR of all pictures in a row.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ...reports.metrics.detail import detail, detail_band
from ...reports.metrics.frame_metrics import change, psnr
from ...reports.metrics.ssim import ssim
from ...reports.metrics.vmaf import SMALLEST_PX, perceptual_scores
from .evaluation_pictures import Planes, Position
from .methods import Method

MEASURES = 2
"""Version of what is measured: figures that were kept under another one are measured again."""


@dataclass(frozen=True)
class Figures:
    """Measurements of one picture that a method made. None: it cannot be had here."""

    psnr_db: float
    ssim: float
    psnr_chroma_db: float | None
    """Over the codes of both chroma planes."""
    change: float | None
    """Mean |x_t − x_{t−1}| of the output's luma, in codes; None without a frame before."""
    change_sharp: float | None
    """The same of the sharp original."""
    detail_product: float
    """`Detail` of the luma, as sums over the picture."""
    detail_out: float
    detail_sharp: float
    vmaf: float | None = None
    vmaf_neg: float | None = None
    xpsnr_db: float | None = None


@dataclass(frozen=True)
class MeasuredPictures:
    """The methods' results on some pictures in a row."""

    places: tuple[Position, ...]
    outputs: Mapping[str, tuple[Planes, ...]]
    """By method, one for each place."""
    figures: Mapping[str, tuple[Figures, ...]]
    """By method, one for each place."""


def measure_pictures(places: Iterable[Position], methods: Mapping[str, Method], *, vmaf: bool) -> MeasuredPictures:
    """Runs every method on the same soft pictures and compares what they make with the originals.

    Args:
        places: at least one, all of one size; held in memory together with what the methods make of them.
        vmaf: whether VMAF, VMAF-NEG and XPSNR are measured; pictures that are too small for them go without.

    Raises:
        MetricError: VMAF is asked for and cannot be measured.
    """
    places = tuple(places)
    outputs: dict[str, tuple[Planes, ...]] = {}
    figures: dict[str, tuple[Figures, ...]] = {}
    bands = [detail_band(place.sharp[0]) for place in places]
    for name, method in methods.items():
        made: list[Planes] = []
        rows: list[Figures] = []
        for i, place in enumerate(places):
            before = _luma_before(place, method, places[i - 1] if i else None, made)
            made.append(method(place.soft, place.fmt))
            rows.append(_figures(made[-1], place, before, bands[i]))
        if vmaf and min(places[0].sharp[0].shape) >= SMALLEST_PX:
            rows = _with_perceptual(rows, made, places)
        outputs[name], figures[name] = tuple(made), tuple(rows)
    return MeasuredPictures(places, outputs, figures)


def score(luma: np.ndarray, sharp: np.ndarray) -> tuple[float, float]:
    """(PSNR in dB, SSIM) of uint8 [H, W] against its original."""
    return psnr(luma, sharp, 8), ssim(luma, sharp, 8)


def _luma_before(place: Position, method: Method, last: Position | None, made: Sequence[Planes]) -> np.ndarray | None:
    """The luma that the method makes of the frame before a place, which is often the place before it."""
    if place.before is None:
        return None
    if last is not None and place.before[0] is last.soft:
        return made[-1][0]
    return method(place.before[0], place.fmt)[0]


def _figures(made: Planes, place: Position, luma_before: np.ndarray | None, band: np.ndarray) -> Figures:
    """Figures of one picture; `band` is the `detail_band` of its original."""
    sharp = place.sharp
    chroma = None
    if len(made) >= 3:
        ours, theirs = (np.concatenate([planes[1].ravel(), planes[2].ravel()])[None] for planes in (made, sharp))
        chroma = psnr(ours, theirs, 8)
    moved = None if luma_before is None else change(made[0], luma_before, 8)
    moved_sharp = None if place.before is None else change(sharp[0], place.before[1][0], 8)
    kept = detail(detail_band(made[0]), band)
    return Figures(*score(made[0], sharp[0]), chroma, moved, moved_sharp, kept.product, kept.out, kept.sharp)


def _with_perceptual(rows: list[Figures], made: Sequence[Planes], places: Sequence[Position]) -> list[Figures]:
    scores = perceptual_scores([planes[0] for planes in made], [place.sharp[0] for place in places])
    columns = zip(scores.vmaf, scores.vmaf_neg, scores.xpsnr_db, strict=True)
    return [replace(row, vmaf=v, vmaf_neg=neg, xpsnr_db=x) for row, (v, neg, x) in zip(rows, columns, strict=True)]
