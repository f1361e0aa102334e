"""A code editor: files at the side, coloured code that scrolls or is being typed."""

from ..chrome import menu, side_list, status, thumb
from ..code_text import Line, file_name, program
from ..motion import blinking, fork, scrolling, typing
from ..scene import Scene, Stage, ending, within
from ..sheet import Pen, Sheet


def editor(stage: Stage) -> Scene:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width, stage.height
    base, names = Sheet(width, height, theme.page), [file_name(rng) for _ in range(40)]
    top = menu(base, style, 0, ("File", "Edit", "Selection", "View", "Go", "Run", "Terminal", "Help"))
    foot = status(
        base,
        style,
        ("main", "0 errors", f"Ln {rng.randint(1, 400)}, Col {rng.randint(1, 80)}", "UTF-8", "LF", "Python"),
        strong=True,
    )
    side = min(width // 5, style.small * 18) if width > 500 else 0
    if side:
        side_list(base, style, rng, (0, top, side, height - top - foot), names, rng.randrange(8))
    tab, pen = round(style.small * 2.3), style.fixed()
    base.rect(side, top, width - side, tab, theme.bar)
    x = side
    for number, name in enumerate(names[8:12]):
        small = style.pen(style.small, colour=theme.ink if number == 0 else theme.muted)
        wide = small.width(name) + tab
        if x + wide > width:
            break
        base.rect(x, top, wide, tab, theme.page if number == 0 else theme.panel)
        base.rect(x, top, wide, 2 if number == 0 else 0, theme.accent)
        base.text(x + tab // 2, within(top, tab, small.px), name, small)
        x += wide + 1
    top += tab
    high, bar, row = height - top - foot, max(style.small // 2, 6), round(pen.px * 1.45)
    lines = program(rng, min(3 * high // row + 20, 260))
    page = _page(stage, lines, width - side - bar, row, pen)
    limit, types = page.height - high, rng.random() < 0.45
    offsets = scrolling(fork(rng), stage.frames, stage.fps, limit, row)
    new = [line for line in program(rng, 60) if line][6:40]
    counts = typing(fork(rng), stage.frames, stage.fps, sum(sum(len(text) for text, _ in line) for line in new))
    at = min(rng.randrange(4, 12), max(high // row - 6, 1))
    if types:
        states = [(0, count, on) for count, on in zip(counts, blinking(stage.frames, stage.fps), strict=True)]
    else:
        states = [(offset, -1, False) for offset in offsets]

    def draw(state: tuple[int, int, bool]) -> Sheet:
        offset, count, on = state
        sheet = base.copy()
        sheet.paste(page, side, top, page.width, high, 0, offset)
        thumb(sheet, style, (width - bar, top, bar, high), offset, page.height)
        if count >= 0:
            _type(stage, sheet, (side, top + at * row, width - side - bar, top + high), _first(new, count), row, on)
        return sheet

    return Scene(states, draw)


def _gutter(pen: Pen) -> int:
    return pen.width("00000") + pen.px


def _page(stage: Stage, lines: list[Line], width: int, row: int, pen: Pen) -> Sheet:
    theme = stage.style.theme
    sheet = Sheet(width, len(lines) * row, theme.page)
    for number, line in enumerate(lines):
        y = within(number * row, row, pen.px)
        ending(sheet, _gutter(pen) - pen.px, y, str(number + 1), pen.inked(theme.muted))
        sheet.runs(_gutter(pen), y, [(text, stage.style.syntax(role)) for text, role in line], pen)
    return sheet


def _first(lines: list[Line], count: int) -> list[Line]:
    """The first `count` characters of the lines."""
    shown: list[Line] = []
    for line in lines:
        pieces = []
        for text, role in line:
            pieces.append((text[:count], role))
            count -= min(len(text), count)
        shown.append(tuple(pieces))
        if not count:
            break
    return shown


def _type(stage: Stage, sheet: Sheet, box: tuple[int, int, int, int], lines: list[Line], row: int, on: bool) -> None:
    """What is typed hides what stood there; box: left, top, width, bottom. Only the last lines fit."""
    left, top, width, bottom = box
    style, pen = stage.style, stage.style.fixed()
    lines = lines[-max((bottom - top) // row - 2, 1) :]
    for number, line in enumerate(lines):
        y, last = top + number * row, number == len(lines) - 1
        if y + row > bottom:
            break
        sheet.rect(
            left + _gutter(pen) - pen.px // 2,
            y,
            width - _gutter(pen) + pen.px // 2,
            row,
            style.theme.panel if last else style.theme.page,
        )
        end = sheet.runs(
            left + _gutter(pen),
            within(y, row, pen.px),
            [(text, style.syntax(role)) for text, role in line],
            pen,
            left + width,
        )
        if last and on:
            sheet.rect(round(end), y + 2, max(pen.px // 9, 1), row - 4, style.theme.ink)
