"""Groups that benchmarks of several pictures measure by, and how sure a mean over a group's sources is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import torch
from block_matching import aligned
from torch import Tensor
from vidsharp.reports.metrics.statistics import bootstrap_interval
from vidsharp.training.data.pair_set import Window
from vidsharp.training.data.window_cache import CROP, FAR, RADIUS, Part, WindowCache

STILL = 0.5 / 255
"""Mean difference of the centre to the picture before it, below which a window counts as still."""
NOTHING_TO_WIN = 0.65 / 255**2
"""Windows whose error is smaller, 50 dB, are left out."""
RESAMPLES = 2000


def some_windows(cache: WindowCache, each: int) -> Iterator[tuple[Part, list[int]]]:
    """Of each part, the numbers of windows spread evenly over it."""
    for number, end in enumerate(cache.ends):
        part = cache.parts[number]
        begin = end - len(part.ages)
        yield part, [begin + len(part.ages) * i // each for i in range(min(each, len(part.ages)))]


def pictures(cache: WindowCache, index: int, far: bool) -> tuple[Tensor, Tensor]:
    """Luma of a window's soft pictures, the centre first, then t−1, t+1, t−2, t+2 and the far ones where they are
    wanted: float32 [3 or 7, 1, 192, 192]; and its sharp centre [1, 192, 192].
    """
    radius = RADIUS if far else 1
    soft, sharp = cache.neighbours(index, "luma", Window(0, 0, CROP, CROP), radius, len(FAR) if far else 0)
    order = [2, 1, 3, 0, 4, 5, 6] if far else [1, 0, 2]
    return soft[order], sharp[radius]


def moved_to_centre(soft: Tensor) -> Tensor:
    """The pictures of a window, all but the first moved by block matching to lie on the first."""
    return torch.cat([soft[:1], aligned(soft[:1].expand(len(soft) - 1, -1, -1, -1), soft[1:])])


def gain_db(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Gain in PSNR of sums of squared errors."""
    return 10 * np.log10(before / after)


def of_sources(figures: Mapping[tuple[str, str], float]) -> list[float]:
    """The mean of each source over its levels, of figures by source and level."""
    sources = sorted({source for source, _ in figures})
    return [float(np.mean([value for (of, _), value in figures.items() if of == source])) for source in sources]


def described(values: Sequence[float], digits: int = 3) -> str:
    """A mean over sources with its interval, which one source alone does not have."""
    mean = f"{np.mean(values):+.{digits}f}"
    low, high = bootstrap_interval(np.asarray(values), 0, RESAMPLES)
    if low is None:
        return mean
    return f"{mean} [{low:+.{digits}f}, {high:+.{digits}f}]"


def row(cells: Iterable[object]) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(str(cell) for cell in cells) + " |"
