"""The geometry of a plot of curves: a line for each method over classes of equal width."""

import math
from dataclasses import dataclass

import pandas as pd

from ..run.tables import rows
from .gain_plot import round_step

WIDTH, HEIGHT = 460, 240
_LEFT, _RIGHT, _TOP, _BOTTOM = 50, 12, 12, 28


@dataclass(frozen=True)
class Line:
    """One method's curve, as an SVG path."""

    method: str
    path: str


@dataclass(frozen=True)
class CurvePlot:
    """Lines, and the scale that they lie on; places in SVG units."""

    title: str
    across: str
    """What the classes are and how much lies in them."""
    lines: tuple[Line, ...]
    rows: tuple[tuple[float, str], ...]
    """(y, label) of the scale's lines; zero is among them."""
    columns: tuple[tuple[float, str], ...]
    """(x, label) of the classes."""
    width: int = WIDTH
    height: int = HEIGHT


def curve_plot(curve: pd.DataFrame, title: str, level: str) -> CurvePlot:
    """Places the points of one level.

    Args:
        curve: table of `CURVE_COLUMNS`.
    """
    points = [row for row in rows(curve) if row["level"] == level]
    classes = sorted({row["from"] for row in points})
    if not points:
        return CurvePlot(title, "Nothing was measured.", (), (), ())
    values = [row["value"] for row in points]
    low, high = min(*values, 0.0), max(*values, 0.0)
    step = round_step(high - low)
    bottom = math.floor(low / step)
    top = max(math.ceil(high / step), bottom + 1)

    def x(place: int) -> float:
        return round(_LEFT + (WIDTH - _LEFT - _RIGHT) * (place + 0.5) / len(classes), 1)

    def y(value: float) -> float:
        return round(_TOP + (HEIGHT - _TOP - _BOTTOM) * (top - value / step) / (top - bottom), 1)

    lines = []
    for method in dict.fromkeys(row["method"] for row in points):
        own = {row["from"]: row["value"] for row in points if row["method"] == method}
        steps = [f"{x(i)} {y(own[c])}" for i, c in enumerate(classes) if c in own]
        lines.append(Line(method, "M" + " L".join(steps)))
    scale = tuple((y(n * step), f"{n * step:g}") for n in range(bottom, top + 1))
    counts = {row["from"]: row["count"] for row in points}
    across = "From … up to the next: " + ", ".join(f"{c} ({counts[c]})" for c in classes)
    return CurvePlot(title, across, tuple(lines), scale, tuple((x(i), str(c)) for i, c in enumerate(classes)))
