"""A chat: bubbles that come in one by one, and a line that is being typed."""

from ..chrome import avatar, icon
from ..motion import blinking, changes, fork, typing
from ..photos import photo
from ..prose import Prose, clock, person
from ..scene import Scene, Stage, lines_of, within
from ..shapes import rounded
from ..sheet import Sheet


def chat(stage: Stage) -> Scene:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width, stage.height
    base, people = Sheet(width, height, theme.page), [person(rng) for _ in range(14)]
    side = width // 4 if width > 500 else 0
    head, small = round(style.body * 2.8), style.pen(style.small, colour=theme.muted)
    if side:
        _people(stage, base, people, side)
    base.rect(side, 0, width - side, head, theme.panel)
    base.rect(side, head - 1, width - side, 1, theme.line)
    avatar(base, style, side + head * 2 // 3, head // 2, head * 3 // 8, people[0])
    base.text(side + head * 4 // 3, within(0, head, style.body), people[0], style.pen(weight=600), width - head)
    icon(base, "search", width - head, head // 3, head // 3, theme.muted)
    foot = round(style.body * 3)
    base.rect(side, height - foot, width - side, foot, theme.panel)
    rounded(
        base,
        side + style.body,
        height - foot + style.body // 2,
        width - side - 2 * style.body,
        foot - style.body,
        foot // 3,
        theme.page,
    )
    page, ends = _bubbles(stage, people, width - side)
    high = height - head - foot
    first = next((n for n, end in enumerate(ends) if end > high), len(ends) - 1)
    shown = changes(fork(rng), stage.frames, stage.fps, 0.5, 2.4)
    written, pen = Prose(rng).paragraph(3, 3), style.pen()
    counts = typing(fork(rng), stage.frames, stage.fps, len(written))
    ends_shown, at = [], float(ends[first])
    for number in shown:  # a new bubble pushes the others up within a few frames
        goal = ends[min(first + number, len(ends) - 1)]
        at = goal if goal - at < 2 else at + (goal - at) / 3
        ends_shown.append(int(at))
    states = list(zip(ends_shown, counts, blinking(stage.frames, stage.fps), strict=True))

    def draw(state: tuple[int, int, bool]) -> Sheet:
        end, count, on = state
        sheet = base.copy()
        offset = max(end - high, 0)
        sheet.paste(page, side, head, width - side, min(high, end - offset), 0, offset)
        x, y = side + 2 * style.body, within(height - foot, foot, pen.px)
        line = lines_of(written[:count], pen, width - side - 5 * style.body)[-1]
        stop = round(sheet.text(x, y, line, pen)) if count else x
        if not count:
            sheet.text(x, y, "Message", small)
        if on:
            sheet.rect(stop + 1, y - pen.px, 1, round(pen.px * 1.3), theme.ink)
        return sheet

    return Scene(states, draw)


def _people(stage: Stage, sheet: Sheet, people: list[str], side: int) -> None:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    row, prose = round(style.body * 3.6), Prose(rng)
    sheet.rect(0, 0, side, stage.height, theme.panel)
    small = style.pen(style.small, colour=theme.muted)
    for number, name in enumerate(people):
        y = number * row
        if number == 0:
            sheet.rect(0, y, side, row, theme.select)
        avatar(sheet, style, row // 2, y + row // 2, row // 3, name)
        time = clock(rng)
        sheet.text(row, y + row * 2 // 5, name, style.pen(weight=600), side - small.width(time) - style.body)
        sheet.text(side - small.width(time) - style.body // 2, y + row * 2 // 5, time, small)
        sheet.text(row, y + row * 4 // 5, prose.sentence(), small.inked(theme.ink), side - style.body)
    sheet.rect(side - 1, 0, 1, stage.height, theme.line)


def _bubbles(stage: Stage, people: list[str], width: int) -> tuple[Sheet, list[int]]:
    """All bubbles on one tall sheet, and where each ends."""
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    sheet, prose = Sheet(width, stage.height * 4, theme.page), Prose(rng)
    pen, small = style.reading(), style.pen(style.small, colour=theme.muted)
    y, ends, pad, line = style.body, [], style.body, round(style.body * 1.4)
    while y < sheet.height - style.body * 16:
        mine = rng.random() < 0.45
        if rng.random() < 0.1:
            wide, high = width * 2 // 5, width // 4
            x = width - wide - pad if mine else pad
            sheet.picture(x, y, photo(rng, wide, high))
            y += high + pad
            ends.append(y)
            continue
        lines = lines_of(prose.paragraph(1, 3), pen, width * 3 // 5)
        wide, high = max(map(pen.width, lines)) + 2 * pad, len(lines) * line + pad
        x = width - wide - pad if mine else pad
        rounded(sheet, x, y, wide, high, pad, theme.accent if mine else theme.bar)
        for number, text in enumerate(lines):
            sheet.text(
                x + pad,
                y + pad // 2 + within(number * line, line, pen.px),
                text,
                pen.inked(theme.on_accent if mine else theme.ink),
            )
        label = clock(rng) if mine else f"{people[0].split(' ')[0]} {clock(rng)}"
        sheet.text(width - pad - small.width(label) if mine else pad, y + high + small.px, label, small)
        y += high + small.px * 2
        ends.append(y)
    return sheet, ends
