"""Things over and around a scene: a desktop with a window that is moved, a pointer, a face."""

from collections.abc import Hashable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from .chrome import ICONS, icon
from .faces import FaceTile
from .motion import changes, fork, wandering
from .prose import clock
from .scene import Layout, Scene, Stage, within
from .shapes import shade
from .sheet import Sheet
from .style import SERIES

_POINTER = ((0, 0), (0, 17), (4, 13), (7, 20), (10, 19), (7, 12), (12, 12))
"""The usual arrow, in px at a size of 1."""


def windowed(layout: Layout, stage: Stage) -> Scene:
    """The layout in a window on a desktop, moved over its wallpaper now and then."""
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width * rng.randint(66, 88) // 100, stage.height * rng.randint(66, 84) // 100
    inner = layout(replace(stage, width=width, height=height))
    base, bar = Sheet(stage.width, stage.height), round(style.small * 2.4)
    if rng.random() < 0.3:
        dark = theme.dark
        shade(base, (30, 34, 44) if dark else (186, 204, 226), (12, 14, 20) if dark else (126, 148, 180))
    else:
        colour = SERIES[rng.randrange(len(SERIES))]
        shade(base, tuple(part * 2 // 3 for part in colour), tuple((part + 120) // 2 for part in colour))  # type: ignore[arg-type]
    base.rect(0, stage.height - bar, stage.width, bar, theme.bar)
    for number in range(rng.randint(4, 9)):
        size = bar // 2
        icon(
            base,
            rng.choice(ICONS),
            bar // 2 + number * bar,
            stage.height - bar + (bar - size) // 2,
            size,
            SERIES[number % len(SERIES)],
        )
    pen, time = style.pen(style.small), clock(rng)
    base.text(stage.width - pen.width(time) - pen.px, within(stage.height - bar, bar, pen.px), time, pen)
    places = wandering(fork(rng), stage.frames, stage.fps, stage.width - width, stage.height - height - bar // 2)

    def draw(state: tuple[Hashable, tuple[int, int]]) -> Sheet:
        sheet, window, (x, y) = base.copy(), inner.draw(state[0]), state[1]
        below = sheet.pixels[y + 6 : y + height + 10, x + 5 : x + width + 8]
        below[:] = (below.astype(np.uint16) * 5 // 8).astype(np.uint8)
        sheet.cover(x, y, x + width + 8, y + height + 10)
        sheet.paste(window, x, y, width, height)
        sheet.outline(x, y, width, height, theme.line)
        return sheet

    return Scene(list(zip(inner.states, places, strict=True)), draw)


def with_pointer(scene: Scene, stage: Stage) -> Scene:
    """The scene with a mouse pointer that wanders over it."""
    rng = stage.rng
    shape, rim = _pointer(max(stage.height // 720, 1) * rng.choice((1.0, 1.25, 1.5)))
    dark = rng.random() < 0.4
    points = wandering(fork(rng), stage.frames, stage.fps, stage.width, stage.height)

    def draw(state: tuple[Hashable, tuple[int, int]]) -> Sheet:
        sheet, (x, y) = scene.draw(state[0]), state[1]
        sheet.cover(x - 1, y - 1, x + shape.shape[1], y + shape.shape[0])
        sheet.blend(x - 1, y - 1, rim, (255, 255, 255) if dark else (0, 0, 0))
        sheet.blend(x - 1, y - 1, shape, (0, 0, 0) if dark else (255, 255, 255))
        return sheet

    return Scene(list(zip(scene.states, points, strict=True)), draw)


def _pointer(size: float) -> tuple[np.ndarray, np.ndarray]:
    """Coverage of the arrow and of the arrow with its rim, uint8 [h, w, 1]; its tip at (1, 1)."""
    wide, high = int(13 * size) + 4, int(21 * size) + 4
    masks = []
    for rim in (False, True):
        mask = Image.new("L", (wide * 4, high * 4))
        points = [((x * size + 1.5) * 4, (y * size + 1.5) * 4) for x, y in _POINTER]
        draw = ImageDraw.Draw(mask)
        draw.polygon(points, fill=255)
        if rim:
            draw.line([*points, points[0]], fill=255, width=9, joint="curve")
        masks.append(np.asarray(mask.reduce(4))[..., None])
    return masks[0], masks[1]


def with_face(scene: Scene, stage: Stage, faces: Sequence[Path]) -> Scene:
    """The scene with a small face at one of its corners; the face moves at the pace of a camera."""
    rng = stage.rng
    high = max(stage.height * rng.randint(14, 24) // 100, 16)
    wide, gap = high * rng.choice((4, 4, 3)) // rng.choice((3, 3, 4)), stage.height // 60
    tile = FaceTile.draw(rng, faces, wide, high)
    x, y = rng.choice((gap, stage.width - wide - gap)), rng.choice((gap, stage.height - high - gap))
    pace = changes(fork(rng), stage.frames, stage.fps, 0.9 / min(stage.fps, 25), 1.1 / min(stage.fps, 25))

    def draw(state: tuple[Hashable, int]) -> Sheet:
        sheet = scene.draw(state[0])
        sheet.picture(x, y, tile.frame(state[1]))
        sheet.outline(x, y, wide, high, stage.style.theme.line)
        return sheet

    return Scene(list(zip(scene.states, pace, strict=True)), draw)
