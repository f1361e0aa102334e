"""A street map that is dragged: blocks, parks, a river, roads with names, places with pins."""

from random import Random

from ..chrome import browser, icon
from ..motion import fork, wandering
from ..prose import PLACES, person, street
from ..scene import Scene, Stage, within
from ..shapes import disc, polygon, rounded, stroke
from ..sheet import Colour, Sheet

_LIGHT = ((242, 239, 233), (222, 218, 208), (255, 255, 255), (250, 214, 130), (170, 211, 223), (200, 230, 190))
_DARK = ((36, 42, 54), (48, 54, 68), (66, 74, 92), (120, 98, 58), (24, 52, 80), (36, 66, 56))
"""Ground, building, road, main road, water, park."""


def street_map(stage: Stage) -> Scene:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width, stage.height
    base = Sheet(width, height, theme.page)
    place = f"{rng.randint(40, 60)}.{rng.randint(1000, 9999)}/{rng.randint(1, 20)}.{rng.randint(1000, 9999)}"
    top = browser(base, stage, "Map", f"https://map.example/#15/{place}")
    high = height - top
    page = _map(stage, width * 3 // 2, high * 3 // 2)
    box, pen = (style.body, top + style.body, min(style.body * 18, width // 2), round(style.body * 2.4)), style.pen()
    text = f"{street(rng)}, {rng.choice(PLACES)}"
    points = wandering(fork(rng), stage.frames, stage.fps, page.width - width + 1, page.height - high + 1)

    def draw(state: tuple[int, int]) -> Sheet:
        x, y = state
        sheet = base.copy()
        sheet.paste(page, 0, top, width, high, x, y)
        rounded(sheet, *box, style.body // 2, theme.page)
        icon(sheet, "search", box[0] + style.body // 2, box[1] + style.body * 2 // 3, style.body, theme.muted)
        sheet.text(box[0] + style.body * 2, within(box[1], box[3], pen.px), text, pen, box[0] + box[2])
        for number, sign in enumerate("+-"):
            side = style.body * 2
            at = width - side - style.body, height - (2 - number) * (side + 2) - style.body
            sheet.rect(*at, side, side, theme.page)
            sheet.rect(at[0] + side // 4, at[1] + side // 2 - 1, side // 2, 2, theme.ink)
            if sign == "+":
                sheet.rect(at[0] + side // 2 - 1, at[1] + side // 4, 2, side // 2, theme.ink)
        return sheet

    return Scene(points, draw)


def _map(stage: Stage, width: int, height: int) -> Sheet:
    rng, style = stage.rng, stage.style
    ground, building, road, main, water, park = _DARK if style.theme.dark else _LIGHT
    sheet = Sheet(width, height, ground)
    block = max(style.body * 7, 60)
    xs, ys = _lines(rng, width, block), _lines(rng, height, block)

    def corner(column: int, line: int) -> tuple[float, float]:
        bend = Random(column * 7919 + line * 104729 + width)
        return xs[column] + bend.uniform(-0.2, 0.2) * block, ys[line] + bend.uniform(-0.2, 0.2) * block

    for column in range(len(xs) - 1):
        for line in range(len(ys) - 1):
            around = (
                corner(column, line),
                corner(column + 1, line),
                corner(column + 1, line + 1),
                corner(column, line + 1),
            )
            if rng.random() < 0.12:
                polygon(sheet, around, park)
            else:
                _buildings(rng, sheet, around, building)
    bank = [(x, height * (0.3 + 0.4 * rng.random())) for x in range(-block, width + 2 * block, block * 2)]
    stroke(sheet, bank, block * 0.55, water)
    rows = [[corner(column, line) for column in range(len(xs))] for line in range(len(ys))]
    ways = [(row, n % 4 == 1) for n, row in enumerate(rows)]
    ways += [(list(column), n % 4 == 2) for n, column in enumerate(zip(*rows, strict=True))]
    edge: Colour = tuple(max(part - 34, 0) for part in road)  # type: ignore[assignment]
    for points, wide in ways:
        stroke(sheet, points, block / (4 if wide else 7) + 2, edge)
    for points, wide in sorted(ways, key=lambda way: way[1]):
        stroke(sheet, points, block / (4 if wide else 7), main if wide else road)
    _names(stage, sheet, rows, block)
    return sheet


def _lines(rng: Random, length: int, block: int) -> list[int]:
    at = [-block]
    while at[-1] < length + block:
        at.append(at[-1] + rng.randint(block * 3 // 4, block * 3 // 2))
    return at


def _buildings(rng: Random, sheet: Sheet, around: tuple[tuple[float, float], ...], colour: Colour) -> None:
    left, top = max(around[0][0], around[3][0]), max(around[0][1], around[1][1])
    right, bottom = min(around[1][0], around[2][0]), min(around[2][1], around[3][1])
    x = left + 14
    while x < right - 22:
        wide = rng.randint(10, 26)
        for y0, y1 in ((top + 14, (top + bottom) / 2 - 3), ((top + bottom) / 2 + 3, bottom - 14)):
            if rng.random() < 0.85 and y1 > y0 + 6 and x + wide < right - 10:
                sheet.rect(int(x), int(y0 + rng.randint(0, 4)), wide, int(y1 - y0 - rng.randint(0, 4)), colour)
        x += wide + rng.randint(2, 5)


def _names(stage: Stage, sheet: Sheet, rows: list[list[tuple[float, float]]], block: int) -> None:
    rng, style = stage.rng, stage.style
    ink = (225, 230, 240) if style.theme.dark else (52, 56, 64)
    pen = style.pen(style.small, colour=ink)
    for row in rows[1:-1]:
        for x, y in row[1:-1:2]:
            kind = rng.random()
            if kind < 0.5:
                name = street(rng)
                _halo(stage, sheet, round(x), round(y) + pen.px // 3, name, pen.px, ink)
            elif kind < 0.7:
                colour = rng.choice(((200, 60, 60), (60, 110, 200), (220, 130, 40), (110, 70, 170)))
                py = y - block * 0.35
                disc(sheet, x, py, style.body * 0.55, colour)
                polygon(
                    sheet,
                    ((x - style.body * 0.45, py + 3), (x + style.body * 0.45, py + 3), (x, py + style.body * 1.2)),
                    colour,
                )
                disc(sheet, x, py, style.body * 0.2, (255, 255, 255))
                label = rng.choice(
                    (
                        f"Café {person(rng).split(' ')[1]}",
                        "Museum",
                        "City Library",
                        "Central Station",
                        "Town Hall",
                        "Pharmacy",
                        "Hotel Park",
                    )
                )
                _halo(stage, sheet, round(x + style.body), round(py + pen.px * 0.4), label, pen.px, ink)
    big = style.larger(1.6)
    for _ in range(4):
        _halo(stage, sheet, rng.randrange(sheet.width), rng.randrange(sheet.height), rng.choice(PLACES), big, ink, 600)


def _halo(stage: Stage, sheet: Sheet, x: int, y: int, text: str, px: int, ink: Colour, weight: int = 500) -> None:
    """A label with a rim in the colour of the ground, so that it can be read on anything."""
    rim = (20, 24, 32) if stage.style.theme.dark else (255, 255, 255)
    pen = stage.style.pen(px, weight=weight, colour=rim)
    box = x - 2, y - px, x + pen.width(text) + 2, y + px // 3
    if any(
        w.left < box[2] and w.top < box[3] and w.left + w.width > box[0] and w.top + w.height > box[1]
        for w in sheet.words
    ):
        return  # real maps leave out labels that would touch
    words = len(sheet.words)
    for dx, dy in ((-1, -1), (0, -1), (1, -1), (-1, 0), (1, 0), (-1, 1), (0, 1), (1, 1)):
        sheet.text(x + dx, y + dy, text, pen)
    del sheet.words[words:]
    sheet.text(x, y, text, pen.inked(ink))
