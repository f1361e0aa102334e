"""A mail program: folders, a list of messages, and the one that is read."""

from functools import lru_cache
from random import Random

from ..chrome import avatar, button, side_list, window_bar
from ..motion import changes, fork
from ..prose import Prose, clock, date, person
from ..scene import Scene, Stage, flow, lines_of
from ..sheet import Sheet


def mail(stage: Stage) -> Scene:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width, stage.height
    base = Sheet(width, height, theme.page)
    top = window_bar(base, style, rng, "Inbox")
    side = min(width // 6, style.small * 13) if width > 700 else 0
    names = ("Inbox", "Drafts", "Sent", "Archive", "Spam", "Trash", "Projects", "Travel", "Receipts", "Team")
    if side:
        side_list(base, style, rng, (0, top, side, height - top), names, 0)
    column, row = (width - side) * 2 // 5, round(style.body * 4.6)
    messages = [
        (person(rng), Prose(rng).phrase(2, 6), rng.getrandbits(32)) for _ in range(max((height - top) // row, 2))
    ]

    @lru_cache(maxsize=2)
    def reading(number: int) -> Sheet:
        return _reading(stage, messages[number], width - side - column, height - top)

    shown = changes(fork(rng), stage.frames, stage.fps, 0.4, 2.2)
    order = [rng.randrange(len(messages)) for _ in range(16)]

    def draw(state: int) -> Sheet:
        sheet = base.copy()
        for number, message in enumerate(messages):
            _row(stage, sheet, message, (side, top + number * row, column, row), number == state)
        sheet.rect(side + column - 1, top, 1, height - top, theme.line)
        sheet.paste(reading(state), side + column, top, width - side - column, height - top)
        return sheet

    return Scene([order[number % 16] for number in shown], draw)


def _row(
    stage: Stage, sheet: Sheet, message: tuple[str, str, int], box: tuple[int, int, int, int], chosen: bool
) -> None:
    name, subject, seed = message
    left, top, width, height = box
    style, theme, rng = stage.style, stage.style.theme, Random(seed)
    px, small = style.body, style.pen(style.small, colour=theme.muted)
    sheet.rect(left, top, width, height, theme.select if chosen else theme.page)
    sheet.rect(left, top + height - 1, width, 1, theme.line)
    avatar(sheet, style, left + px * 2, top + height // 2, px * 5 // 4, name)
    x, right, time = left + px * 4, left + width - px, clock(rng)
    sheet.text(x, top + round(px * 1.4), name, style.pen(weight=700), right - small.width(time) - px)
    sheet.text(right - small.width(time), top + round(px * 1.4), time, small)
    sheet.text(x, top + round(px * 2.7), subject, style.pen(), right)
    sheet.text(x, top + round(px * 3.9), Prose(rng).sentence(), small.inked(theme.ink) if chosen else small, right)


def _reading(stage: Stage, message: tuple[str, str, int], width: int, height: int) -> Sheet:
    name, subject, seed = message
    style, theme, rng = stage.style, stage.style.theme, Random(seed)
    sheet, prose, gap = Sheet(width, height, theme.page), Prose(rng), round(style.body * 1.5)
    head, text = style.pen(style.larger(1.5, width // 14), weight=700), style.reading()
    y = flow(sheet, gap, gap + head.px, width - 2 * gap, subject, head, 1.25)
    small = style.pen(style.small, colour=theme.muted)
    avatar(sheet, style, gap + style.body, y + style.body // 2, style.body, name)
    sheet.text(gap + style.body * 3, y + style.body // 3, name, style.pen(weight=600), width - gap)
    sheet.text(gap + style.body * 3, y + style.body // 3 + small.px * 3 // 2, date(rng), small, width)
    y += style.body * 4
    line = round(text.px * 1.5)
    for part in (
        f"Dear {person(rng).split(' ')[0]},",
        *(prose.paragraph(1, 5) for _ in range(4)),
        f"Best regards, {name}",
    ):
        for row in lines_of(part, text, width - 2 * gap):
            if y < height - line * 3:
                sheet.text(gap, y, row, text)
                y += line
        y += line // 2
    if y < height - style.small * 3:
        wide = button(sheet, style, gap, y, "Reply", strong=True)
        button(sheet, style, gap * 2 + wide, y, "Forward", strong=False)
    return sheet
