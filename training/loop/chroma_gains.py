"""A chroma student's gains over doing nothing, in 8-bit codes, on a cache's windows, by level and kind of source."""

from collections import defaultdict
from typing import NamedTuple

import numpy as np

from ...models.cpu.restore_chroma import restore_chroma
from ...models.nets.chroma import ChromaStudent
from ...models.planes.plane_format import PlaneFormat
from ...reports.metrics.frame_metrics import psnr
from ...reports.metrics.ssim import ssim
from ..data.window_cache import RADIUS, WindowCache, planes_of

FORMAT = PlaneFormat(8, full_range=False, matrix="bt601", chroma_left=True)


class ChromaGains(NamedTuple):
    """Means over windows; a gain is what the student's planes have more than the soft ones, against the sharp ones."""

    windows: int
    input_db: float
    """PSNR of the soft planes, both together, at most 60."""
    psnr_db: float
    ssim: float
    """Gain of the mean of both planes' SSIM."""
    sharp_psnr_db: float
    """PSNR of what the student makes of the sharp planes, against themselves."""
    sharp_ssim: float
    """What it loses on them, negative."""


def chroma_gains(net: ChromaStudent, cache: WindowCache, every: int = 1) -> dict[str, ChromaGains]:
    """Gains by `LEVEL/camera` and `LEVEL/screen`, on every so manieth window."""
    subjects = [part.subject for part in cache.parts for _ in part.ages]
    rows: defaultdict[str, list[tuple[float, ...]]] = defaultdict(list)
    for index in range(0, len(subjects), every):
        soft, sharp = (planes_of(of[RADIUS]) for of in cache.planes(index))
        made, kept = (restore_chroma(planes, FORMAT, net) for planes in (soft, sharp))
        before, after, untouched = (_score(chroma, sharp[1:]) for chroma in (soft[1:], made, kept))
        row = (before[0], after[0] - before[0], after[1] - before[1], untouched[0], untouched[1] - 1)
        rows[f"{cache.levels[index]}/{subjects[index]}"].append(row)
    return {name: ChromaGains(len(of), *np.mean(of, axis=0).tolist()) for name, of in sorted(rows.items())}


def _score(chroma: list[np.ndarray], sharp: list[np.ndarray]) -> tuple[float, float]:
    """(PSNR of both planes together, mean SSIM)."""
    similar = [ssim(ours, theirs, 8) for ours, theirs in zip(chroma, sharp, strict=True)]
    return psnr(np.concatenate(chroma), np.concatenate(sharp), 8), float(np.mean(similar))
