"""Charts with axes, grids, ticks and legends, as far as they have been drawn by some moment."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from .prose import Prose
from .scene import centred, ending, within
from .shapes import disc, polygon, sector, stroke
from .sheet import Sheet
from .style import SERIES, Style

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Plot:
    """The contents of a chart."""

    kind: str
    """`line`, `bars`, `area`, `points` or `pie`."""
    title: str
    labels: tuple[str, ...]
    """Below the axis, one per value."""
    names: tuple[str, ...]
    """In the legend, one per series."""
    values: tuple[tuple[int, ...], ...]
    """Per series, 0 … 100."""
    unit: int
    """What a value of 1 means on the axis."""


def draw_plot(rng: Random, kind: str | None = None) -> Plot:
    prose = Prose(rng, "English")
    kind = kind or rng.choice(("line", "bars", "area", "points", "pie"))
    count = rng.randint(3, 5) if kind == "pie" else rng.randint(5, 12)
    series = 1 if kind == "pie" else rng.randint(1, 3)
    values = []
    for _ in range(series):
        at, row = rng.randint(15, 70), []
        for _ in range(count):
            at = min(max(at + rng.randint(-16, 19), 6), 97)
            row.append(at)
        values.append(tuple(row))
    labels = _MONTHS[:count] if rng.random() < 0.5 else tuple(f"{2026 - count + n}" for n in range(count))
    names = tuple(prose.phrase(1, 1) for _ in range(count if kind == "pie" else series))
    return Plot(kind, prose.phrase(3, 5), labels, names, tuple(values), rng.choice((1, 2, 5, 10, 50, 1000)))


def paint_plot(sheet: Sheet, style: Style, plot: Plot, box: tuple[int, int, int, int], share: int = 100) -> None:
    """A chart in a box (left, top, width, height in px); `share`: how much of its data is drawn, in percent."""
    left, top, width, height = box
    theme, small = style.theme, style.small
    head = style.pen(min(style.larger(1.2), max(height // 8, 9)), weight=600)
    sheet.text(left, top + head.px, plot.title, head, left + width)
    top, height = top + round(head.px * 1.6), height - round(head.px * 1.6)
    if plot.kind == "pie":
        _pie(sheet, style, plot, (left, top, width, height), share)
        return
    pen = style.pen(small, colour=theme.muted)
    gutter = pen.width(f"{100 * plot.unit:,}") + small
    x0, x1, y0, y1 = left + gutter, left + width - small, top + small, top + height - round(small * 3.4)
    if x1 - x0 < 20 or y1 - y0 < 20:
        return
    lines = 5 if y1 - y0 > small * 10 else 2
    for number in range(lines + 1):
        y = y1 - (y1 - y0) * number // lines
        sheet.rect(x0, y, x1 - x0, 1, theme.ink if number == 0 else theme.line)
        ending(
            sheet, x0 - small // 2, within(y - small, 2 * small, small), f"{100 * plot.unit * number // lines:,}", pen
        )
    count = len(plot.labels)
    step = (x1 - x0) / count
    every = 1 + int((max(map(pen.width, plot.labels)) + small) / step)
    for number in range(0, count, every):
        x = round(x0 + step * (number + 0.5))
        sheet.rect(x, y1, 1, small // 3, theme.ink)
        centred(sheet, x, y1 + round(small * 1.5), plot.labels[number], pen)
    _series(sheet, plot, (x0, y0, x1, y1), share, max(1.5, small / 6))
    x = x0
    for name, colour in zip(plot.names, SERIES, strict=False):
        sheet.rect(x, top + height - small, small, small * 2 // 3, colour)
        x = round(sheet.text(x + small * 1.5, top + height - small // 4, name, pen, x1)) + small * 2


def _series(sheet: Sheet, plot: Plot, box: tuple[int, int, int, int], share: int, thick: float) -> None:
    x0, y0, x1, y1 = box
    count = len(plot.labels)
    step = (x1 - x0) / count
    shown = max(1, (count * share + 99) // 100)
    for number, (values, colour) in enumerate(zip(plot.values, SERIES, strict=False)):
        if plot.kind == "bars":
            wide = max(2, int(step * 0.7 / len(plot.values)))
            for place, value in enumerate(values):
                high = (y1 - y0) * value * min(share, 100) // 10_000
                sheet.rect(round(x0 + step * (place + 0.15)) + wide * number, y1 - high, wide - 1, high, colour)
            continue
        points = [(x0 + step * (n + 0.5), y1 - (y1 - y0) * value / 100) for n, value in enumerate(values[:shown])]
        if plot.kind == "area" and number == 0:
            _under(sheet, points, y1, colour)
        if plot.kind != "points":
            stroke(sheet, points, thick, colour)
        for x, y in points if plot.kind in ("points", "line") else ():
            disc(sheet, x, y, thick * (2.2 if plot.kind == "points" else 1.6), colour)


def _under(sheet: Sheet, points: Sequence[tuple[float, float]], bottom: int, colour: tuple[int, int, int]) -> None:
    under = sheet.pixels.copy()
    polygon(sheet, [(points[0][0], bottom), *points, (points[-1][0], bottom)], colour)
    sheet.pixels[:] = (sheet.pixels.astype("uint16") + 3 * under.astype("uint16") + 2) // 4


def _pie(sheet: Sheet, style: Style, plot: Plot, box: tuple[int, int, int, int], share: int) -> None:
    left, top, width, height = box
    radius = min(width // 4, height // 2 - 4)
    if radius < 8:
        return
    x, y = left + radius + 4, top + height // 2
    total, at = sum(plot.values[0]), -90.0
    pen = style.pen(style.small)
    for number, (name, value) in enumerate(zip(plot.names, plot.values[0], strict=False)):
        turn = 360 * value / total * share / 100
        sector(sheet, x, y, radius, at, at + turn, SERIES[number])
        at += turn
        row = top + round((number + 0.5) * min(pen.px * 2, height / len(plot.names)))
        sheet.rect(x + radius + pen.px, row, pen.px, pen.px * 2 // 3, SERIES[number])
        label = f"{name} {100 * value / total:.1f}%"
        sheet.text(x + radius + pen.px * 2.5, row + pen.px * 2 // 3, label, pen, left + width)
