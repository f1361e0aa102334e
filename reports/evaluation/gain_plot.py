"""The geometry of a plot of gains: a dot for each mean, a line for its interval, all on one scale, zero marked."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..run.series import round_numbers

_TICKS = 3
"""About so many on the scale."""


@dataclass(frozen=True)
class Mark:
    """One method at one level. Places are in percent of the plot's width."""

    level: str
    method: str
    dot: float
    line: tuple[float, float] | None
    """The interval's ends; None where there is none."""
    text: str
    """The mean as text."""


@dataclass(frozen=True)
class GainPlot:
    """Marks in the order of their rows, and the scale they lie on."""

    marks: tuple[Mark, ...]
    ticks: tuple[tuple[float, str], ...]
    """(place in percent, label); zero is among them."""
    zero: float
    """Place of no gain, in percent."""


def gain_plot(lines: Sequence[Mapping[str, Any]], name: str, form: str) -> GainPlot:
    """Places rows of a summary.

    Args:
        lines: rows of `SUMMARY_COLUMNS`, at least one.
        name: the gain to show, a column.
        form: format of the numbers in text.
    """
    ends = [line[f"{name}{part}"] for line in lines for part in ("", "_low", "_high")]
    known = [end for end in ends if end is not None]
    step = round_step(max(*known, 0) - min(*known, 0))
    low = math.floor(min(*known, 0) / step)
    high = max(math.ceil(max(*known, 0) / step), low + 1)

    def place(value: float) -> float:
        return round(100 * (value / step - low) / (high - low), 2)

    marks = []
    for line in lines:
        start, end = line[f"{name}_low"], line[f"{name}_high"]
        interval = None if start is None else (place(start), place(end))
        marks.append(Mark(line["level"], line["method"], place(line[name]), interval, f"{line[name]:{form}}"))
    ticks = tuple((place(n * step), f"{n * step:+g}" if n else "0") for n in range(low, high + 1))
    return GainPlot(tuple(marks), ticks, place(0))


def round_step(span: float) -> float:
    """A round number (1, 2 or 5 times a power of ten) that divides the span into about `_TICKS`."""
    if span <= 0:
        return 1.0
    return min(round_numbers(span / _TICKS), key=lambda step: abs(span / step - _TICKS))
