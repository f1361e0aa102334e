"""Shapes with smooth edges: drawn at four times the size and averaged."""

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw

from .sheet import Colour, Sheet

_FINE = 4
Point = tuple[float, float]


def disc(sheet: Sheet, x: float, y: float, radius: float, colour: Colour) -> None:
    corners = ((x - radius, y - radius), (x + radius, y + radius))
    _stamp(sheet, corners, 0, colour, lambda draw, points: draw.ellipse(points, fill=255))


def rounded(sheet: Sheet, left: int, top: int, width: int, height: int, radius: int, colour: Colour) -> None:
    """A filled box with round corners; words under it are gone."""
    if width <= 0 or height <= 0:
        return
    sheet.cover(left, top, left + width, top + height)
    radius = max(min(radius, width // 2, height // 2), 0)
    # at four times the size, the last pixel of a box is one quarter of a pixel inside
    corners = ((left, top), (left + width - 0.25, top + height - 0.25))
    _stamp(
        sheet, corners, 0, colour, lambda draw, points: draw.rounded_rectangle(points, radius=radius * _FINE, fill=255)
    )


def stroke(sheet: Sheet, points: Sequence[Point], width: float, colour: Colour) -> None:
    """A line through the points."""
    if len(points) > 1:
        thick = max(round(width * _FINE), 1)
        _stamp(
            sheet, points, width + 1, colour, lambda draw, fine: draw.line(fine, fill=255, width=thick, joint="curve")
        )


def polygon(sheet: Sheet, points: Sequence[Point], colour: Colour) -> None:
    _stamp(sheet, points, 1, colour, lambda draw, fine: draw.polygon(fine, fill=255))


def sector(sheet: Sheet, x: float, y: float, radius: float, start: float, end: float, colour: Colour) -> None:
    """A slice of a pie, from `start` to `end` degrees clockwise from three o'clock."""
    corners = ((x - radius, y - radius), (x + radius, y + radius))
    _stamp(sheet, corners, 0, colour, lambda draw, points: draw.pieslice(points, start, end, fill=255))


def shade(sheet: Sheet, top: Colour, bottom: Colour) -> None:
    """The whole sheet in a gradient from top to bottom."""
    rows = np.arange(sheet.height, dtype=np.int32)[:, None]
    last = max(sheet.height - 1, 1)
    mixed = (np.asarray(top, np.int32) * (last - rows) + np.asarray(bottom, np.int32) * rows + last // 2) // last
    sheet.pixels[:] = mixed[:, None, :].astype(np.uint8)


def _stamp(
    sheet: Sheet,
    points: Sequence[Point],
    margin: float,
    colour: Colour,
    paint: Callable[[ImageDraw.ImageDraw, list[Point]], object],
) -> None:
    left = int(max(min(x for x, _ in points) - margin, 0))
    top = int(max(min(y for _, y in points) - margin, 0))
    right = int(min(max(x for x, _ in points) + margin + 1, sheet.width))
    bottom = int(min(max(y for _, y in points) + margin + 1, sheet.height))
    if right <= left or bottom <= top:
        return
    mask = Image.new("L", ((right - left) * _FINE, (bottom - top) * _FINE))
    paint(ImageDraw.Draw(mask), [((x - left) * _FINE, (y - top) * _FINE) for x, y in points])
    sheet.blend(left, top, np.asarray(mask.reduce(_FINE))[..., None], colour)
