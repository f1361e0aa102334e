"""Many numbers made few enough to draw: means over neighbouring frames, and histograms with round edges."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

_BARS = (5, 20)
"""At least and at most about so many in a histogram."""


@dataclass(frozen=True)
class Histogram:
    """The number of values in each bin; a bin holds its lower edge, the last one also its upper."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


def binned(columns: Mapping[str, np.ndarray], points: int) -> tuple[dict[str, list[float | None]], int]:
    """Columns of one length, cut into at most `points` bins of equally many neighbours.

    Args:
        columns: float64, in the order to draw; NaN is null.

    Returns:
        The means over each bin's values that are not null (None where all are), and how many rows a full bin holds.
    """
    length = len(next(iter(columns.values())))
    size = max(1, -(-length // points))
    starts = np.arange(0, length, size)
    means = {}
    for name, values in columns.items():
        known = np.isfinite(values)
        counts = np.add.reduceat(known.astype(np.int64), starts) if length else np.zeros(0)
        sums = np.add.reduceat(np.where(known, values, 0.0), starts) if length else np.zeros(0)
        means[name] = [
            float(total / count) if count else None for total, count in zip(sums.tolist(), counts.tolist(), strict=True)
        ]
    return means, size


def histogram(values: Sequence[float] | np.ndarray) -> Histogram:
    """Counts between round edges (multiples of 1, 2 or 5 times a power of ten) that cover all values, at least one."""
    low, high = float(np.min(values)), float(np.max(values))
    bars = min(max(_BARS[0], round(math.sqrt(len(values)))), _BARS[1])
    wanted = (high - low) / bars if high > low else 0
    step = min(round_numbers(wanted), key=lambda n: abs(math.log(n / wanted))) if wanted else (abs(high) or 1.0) / 10
    first = math.floor(low / step)
    last = max(first + 1, math.ceil(high / step))
    edges = [float(f"{n * step:.9g}") for n in range(first, last + 1)]
    edges[0], edges[-1] = min(edges[0], low), max(edges[-1], high)  # what rounding may have left outside
    counts, _ = np.histogram(values, edges)
    return Histogram(tuple(edges), tuple(counts.tolist()))


def round_numbers(near: float) -> tuple[float, ...]:
    """1, 2, 5 and 10 times the power of ten at or below a positive number: steps that a scale can have."""
    power = 10.0 ** math.floor(math.log10(near))
    return tuple(power * n for n in (1, 2, 5, 10))
