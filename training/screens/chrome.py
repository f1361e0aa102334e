"""The frame around the content of windows: bars, buttons, icons, lists, scroll bars."""

from collections.abc import Sequence
from math import cos, pi, sin
from random import Random

from .prose import Prose
from .scene import Stage, within
from .shapes import disc, polygon, rounded, stroke
from .sheet import Colour, Sheet
from .style import SERIES, Style

ICONS = ("list", "search", "box", "ring", "arrow", "plus", "home", "mail", "bars", "check")


def icon(sheet: Sheet, kind: str, left: int, top: int, size: int, colour: Colour) -> None:
    """A sign of `size` px across."""
    s, thick = size, max(1.0, size / 9)
    x, y = left, top
    if kind == "list":
        for row in range(3):
            sheet.rect(x, y + round(s * (0.2 + 0.3 * row)), s, max(1, round(thick)), colour)
    elif kind == "search":
        ring(sheet, x + s * 0.42, y + s * 0.42, s * 0.34, thick, colour)
        stroke(sheet, ((x + s * 0.68, y + s * 0.68), (x + s * 0.98, y + s * 0.98)), thick, colour)
    elif kind == "box":
        sheet.outline(x, y, s, s, colour)
        sheet.rect(x, y + s // 3, s, 1, colour)
    elif kind == "ring":
        ring(sheet, x + s / 2, y + s / 2, s * 0.45, thick, colour)
    elif kind == "arrow":
        stroke(
            sheet,
            ((x + s * 0.55, y + s * 0.15), (x + s * 0.15, y + s * 0.5), (x + s * 0.55, y + s * 0.85)),
            thick,
            colour,
        )
        stroke(sheet, ((x + s * 0.15, y + s * 0.5), (x + s * 0.95, y + s * 0.5)), thick, colour)
    elif kind == "plus":
        sheet.rect(x + s // 2, y + s // 6, max(1, round(thick)), s * 2 // 3, colour)
        sheet.rect(x + s // 6, y + s // 2, s * 2 // 3, max(1, round(thick)), colour)
    elif kind == "home":
        polygon(sheet, ((x, y + s * 0.5), (x + s / 2, y), (x + s, y + s * 0.5)), colour)
        sheet.rect(x + s // 5, y + s // 2, s * 3 // 5, s // 2, colour)
    elif kind == "mail":
        sheet.outline(x, y + s // 6, s, s * 2 // 3, colour)
        stroke(sheet, ((x, y + s / 6), (x + s / 2, y + s * 0.55), (x + s, y + s / 6)), thick, colour)
    elif kind == "bars":
        for column, share in enumerate((0.5, 0.9, 0.7)):
            high = round(s * share)
            sheet.rect(x + round(s * 0.36 * column), y + s - high, max(1, s // 4), high, colour)
    else:
        stroke(
            sheet,
            ((x + s * 0.1, y + s * 0.55), (x + s * 0.4, y + s * 0.85), (x + s * 0.92, y + s * 0.15)),
            thick,
            colour,
        )


def ring(sheet: Sheet, x: float, y: float, radius: float, width: float, colour: Colour) -> None:
    """A circle line: eight points a quarter are round enough for icons."""
    points = [(x + radius * cos(n * pi / 16), y + radius * sin(n * pi / 16)) for n in range(33)]
    stroke(sheet, points, width, colour)


def window_bar(sheet: Sheet, style: Style, rng: Random, title: str) -> int:
    """The bar of a window along the sheet's top: buttons on either side and a title; returns its height in px."""
    theme, high = style.theme, round(style.small * 2.3)
    sheet.rect(0, 0, sheet.width, high, theme.bar)
    sheet.rect(0, high - 1, sheet.width, 1, theme.line)
    pen, middle = style.pen(style.small, weight=600), high // 2
    if rng.random() < 0.5:
        for number, colour in enumerate(((255, 95, 87), (254, 188, 46), (40, 200, 64))):
            disc(sheet, high * (0.5 + 0.62 * number), middle, high * 0.19, colour)
        sheet.text((sheet.width - pen.width(title)) // 2, within(0, high, pen.px), title, pen, sheet.width - high)
    else:
        size = max(high // 3, 6)
        for number in range(3):
            x, y = sheet.width - round(high * (0.75 + 1.3 * number)), middle - size // 2
            if number == 0:
                stroke(sheet, ((x, y), (x + size, y + size)), 1.1, theme.ink)
                stroke(sheet, ((x, y + size), (x + size, y)), 1.1, theme.ink)
            elif number == 1:
                sheet.outline(x, y, size, size, theme.ink)
            else:
                sheet.rect(x, middle, size, 1, theme.ink)
        sheet.text(high // 2, within(0, high, pen.px), title, pen, sheet.width - high * 4)
    return high


def menu(sheet: Sheet, style: Style, top: int, words: Sequence[str]) -> int:
    """A row of menus from the left; returns its height in px."""
    high = round(style.small * 1.9)
    sheet.rect(0, top, sheet.width, high, style.theme.panel)
    pen, x = style.pen(style.small), style.small
    for word in words:
        if x + pen.width(word) > sheet.width:
            break
        x = round(sheet.text(x, within(top, high, pen.px), word, pen)) + round(style.small * 1.3)
    return high


def tools(sheet: Sheet, style: Style, rng: Random, top: int) -> int:
    """A row of icons in groups, with a box or two to choose from; returns its height in px."""
    theme, high, size = style.theme, round(style.body * 2.5), style.body
    sheet.rect(0, top, sheet.width, high, theme.panel)
    sheet.rect(0, top + high - 1, sheet.width, 1, theme.line)
    x = size
    while x < sheet.width * 0.8:
        if rng.random() < 0.15:
            label, pen = rng.choice((style.ui, "100%", "Normal", "11", "Heading")), style.pen(style.small)
            wide = pen.width(label) + size * 2
            sheet.rect(x, top + high // 5, wide, high * 3 // 5, theme.page)
            sheet.outline(x, top + high // 5, wide, high * 3 // 5, theme.line)
            sheet.text(x + size // 2, within(top, high, pen.px), label, pen)
            x += wide + size
        else:
            icon(sheet, rng.choice(ICONS), x, top + (high - size) // 2, size, theme.muted)
            x += size * 2
        if rng.random() < 0.2:
            sheet.rect(x - size // 2, top + high // 4, 1, high // 2, theme.line)
            x += size // 2
    return high


def browser(sheet: Sheet, stage: Stage, title: str, address: str) -> int:
    """Tabs and an address; returns their height in px."""
    style, theme, rng = stage.style, stage.style.theme, stage.rng
    pen, row = style.pen(style.small), round(style.small * 2.4)
    sheet.rect(0, 0, sheet.width, row, theme.bar)
    x, prose = row // 2, Prose(rng, "English")
    wide = min(sheet.width // 3, pen.px * 16)
    for number in range(rng.randint(1, 4)):
        if x + wide > sheet.width:
            break
        if number == 0:
            rounded(sheet, x, row // 6, wide, row, row // 4, theme.page)
        disc(sheet, x + row * 0.45, row * 0.55, row * 0.16, SERIES[rng.randrange(len(SERIES))])
        text = title if number == 0 else prose.phrase(2, 3)
        colour = theme.ink if number == 0 else theme.muted
        sheet.text(x + row * 0.8, within(row // 12, row, pen.px), text, pen.inked(colour), x + wide - row // 2)
        x += wide + 4
    sheet.rect(0, row, sheet.width, row, theme.page)
    for number, kind in enumerate(("arrow", "ring", "home")):
        icon(sheet, kind, row // 2 + number * row, row + row // 3, row // 3, theme.muted)
    left = row * 4
    rounded(sheet, left, row + row // 8, sheet.width - left - row * 2, row * 3 // 4, row // 3, theme.panel)
    sheet.text(left + row // 2, within(row, row, pen.px), address, pen.inked(theme.muted), sheet.width - row * 3)
    icon(sheet, "list", sheet.width - row, row + row // 3, row // 3, theme.muted)
    sheet.rect(0, row * 2 - 1, sheet.width, 1, theme.line)
    return row * 2


def side_list(
    sheet: Sheet, style: Style, rng: Random, box: tuple[int, int, int, int], names: Sequence[str], chosen: int
) -> None:
    """A column of names with icons, one of them chosen; box: left, top, width, height."""
    left, top, width, height = box
    theme, pen = style.theme, style.pen(style.small)
    row = round(pen.px * 2.0)
    sheet.rect(left, top, width, height, theme.panel)
    sheet.rect(left + width - 1, top, 1, height, theme.line)
    for number, name in enumerate(names):
        y = top + pen.px // 2 + number * row
        if y + row > top + height:
            break
        if number == chosen:
            sheet.rect(left, y, width - 1, row, theme.select)
        icon(sheet, ICONS[rng.randrange(len(ICONS))], left + pen.px // 2, y + (row - pen.px) // 2, pen.px, theme.muted)
        sheet.text(left + pen.px * 2, within(y, row, pen.px), name, pen, left + width - 2)


def status(sheet: Sheet, style: Style, words: Sequence[str], *, strong: bool = False) -> int:
    """A bar along the bottom with short words; returns its height in px."""
    theme, high = style.theme, round(style.small * 1.8)
    top = sheet.height - high
    sheet.rect(0, top, sheet.width, high, theme.accent if strong else theme.bar)
    pen, x = style.pen(style.small, colour=theme.on_accent if strong else theme.muted), style.small
    for word in words:
        if x + pen.width(word) > sheet.width:
            break
        x = round(sheet.text(x, within(top, high, pen.px), word, pen)) + style.small * 2
    return high


def thumb(sheet: Sheet, style: Style, box: tuple[int, int, int, int], at: int, whole: int) -> None:
    """A scroll bar in a box (left, top, width, height) for an offset `at` in a page of `whole` px."""
    left, top, width, height = box
    sheet.rect(left, top, width, height, style.theme.panel)
    if whole > 0 and height > 0:
        high = max(height * height // max(whole, height), min(height, 2 * width))
        y = top + (height - high) * min(at, max(whole - height, 0)) // max(whole - height, 1)
        rounded(sheet, left + 1, y, width - 2, high, width // 2, style.theme.line)


def button(sheet: Sheet, style: Style, left: int, top: int, label: str, *, strong: bool) -> int:
    """A button with a label; returns its width in px."""
    theme, pen = style.theme, style.pen(style.small, weight=600)
    wide, high = pen.width(label) + pen.px * 2, round(pen.px * 2.1)
    rounded(sheet, left, top, wide, high, pen.px // 3, theme.accent if strong else theme.line)
    if not strong:
        rounded(sheet, left + 1, top + 1, wide - 2, high - 2, pen.px // 3, theme.page)
    colour = theme.on_accent if strong else theme.ink
    sheet.text(left + pen.px, within(top, high, pen.px), label, pen.inked(colour))
    return wide


def avatar(sheet: Sheet, style: Style, x: int, y: int, radius: int, name: str) -> None:
    """A disc with the initials of a name."""
    colour = SERIES[sum(map(ord, name)) % len(SERIES)]
    disc(sheet, x, y, radius, colour)
    pen = style.pen(max(9, radius * 4 // 5), weight=600, colour=(255, 255, 255))
    initials = "".join(part[0] for part in name.split(" ")[:2])
    if pen.width(initials) < radius * 2:
        sheet.text(x - pen.width(initials) // 2, within(y - radius, 2 * radius, pen.px), initials, pen)
