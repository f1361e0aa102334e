"""A word processor: pages that scroll under a ribbon, or a paragraph that is being typed."""

from ..chrome import menu, status, thumb, tools, window_bar
from ..code_text import file_name
from ..motion import blinking, fork, scrolling, typing
from ..photos import photo
from ..plots import draw_plot, paint_plot
from ..prose import Prose, figure
from ..scene import Scene, Stage, ending, flow, lines_of, within
from ..sheet import Sheet


def document(stage: Stage) -> Scene:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width, stage.height
    base = Sheet(width, height, theme.bar)
    top = window_bar(base, style, rng, f"{Prose(rng, 'English').phrase(2, 3)} - {file_name(rng).split('.')[0]}.odt")
    top += menu(base, style, top, ("File", "Edit", "View", "Insert", "Format", "Tools", "Table", "Window", "Help"))
    top += tools(base, style, rng, top)
    foot = status(
        base,
        style,
        (f"Page {rng.randint(1, 9)} of {rng.randint(9, 80)}", f"{rng.randint(900, 9000):,} words", "English", "100%"),
    )
    high, side = height - top - foot, max(style.small * 3 // 4, 7)
    written = Prose(rng).paragraph(4, 8)
    page, caret, room = _pages(stage, min(width - side, width * 5 // 6), high * 3 + height)
    limit = page.height - high
    offsets = scrolling(fork(rng), stage.frames, stage.fps, limit, style.body)
    counts, types = typing(fork(rng), stage.frames, stage.fps, len(written)), rng.random() < 0.35
    left = (width - side - page.width) // 2
    if types:
        states = [
            (max(caret[1] - high // 2, 0), count, on)
            for count, on in zip(counts, blinking(stage.frames, stage.fps), strict=True)
        ]
    else:
        states = [(offset, -1, False) for offset in offsets]
    pen = style.reading()

    def draw(state: tuple[int, int, bool]) -> Sheet:
        offset, count, on = state
        sheet = base.copy()
        sheet.paste(page, left, top, page.width, high, 0, min(offset, max(limit, 0)))
        thumb(sheet, style, (width - side, top, side, high), offset, page.height)
        if count >= 0:
            x, y = left + caret[0], top + caret[1] - min(offset, max(limit, 0))
            lines = lines_of(written[:count], pen, caret[2])[:room]
            end: float = x
            for line in lines:
                end = sheet.text(x, y, line, pen)
                y += round(pen.px * 1.5)
            if on and y - pen.px * 2 > top:
                sheet.rect(round(end) + 1, y - round(pen.px * 2.4), 1, round(pen.px * 1.2), theme.ink)
        return sheet

    return Scene(states, draw)


def _pages(stage: Stage, width: int, height: int) -> tuple[Sheet, tuple[int, int, int], int]:
    """The pages, where text may be typed (left, baseline, width), and for how many lines there is room."""
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    sheet, prose = Sheet(width, height, theme.bar), Prose(rng)
    margin, room = width // 9, 8
    caret, at = (margin, 0, width - 2 * margin), 0
    pen = style.reading()
    line = round(pen.px * 1.5)
    while at < height:
        gap, long = style.body // 2, round(width * 1.3)
        sheet.rect(0, at + gap, width, long - gap, theme.page)
        y, end = at + margin * 2 // 3 + style.body, at + long - margin
        while y < end - line * 3:
            kind = rng.random()
            if kind < 0.16:
                head = style.reading(style.larger(rng.choice((1.3, 1.6, 2.0)), width // 14), weight=700)
                sheet.text(margin, y + head.px, prose.phrase(2, 6), head, width - margin)
                y += head.px * 2 + line
            elif kind < 0.26 and end - y > line * 12:
                y = _table(stage, sheet, margin, y, width - 2 * margin)
            elif kind < 0.34 and end - y > line * 14:
                box = margin * 2, y, width - 4 * margin, line * 10
                if rng.random() < 0.5:
                    sheet.picture(box[0], box[1], photo(rng, box[2], box[3]))
                else:
                    paint_plot(sheet, style, draw_plot(rng), box)
                y += line * 12
            elif not caret[1] and y > line * 8 and end - y > line * (room + 2):
                caret = (margin, y, width - 2 * margin)
                y += line * (room + 1)
            else:
                lines = lines_of(prose.paragraph(2, 6), pen, width - 2 * margin)[: (end - y) // line]
                for text in lines:
                    sheet.text(margin, y, text, pen)
                    y += line
                y += line // 2
        at += long
    return sheet, caret, room


def _table(stage: Stage, sheet: Sheet, left: int, top: int, width: int) -> int:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    pen, prose = style.reading(style.small), Prose(rng)
    rows, columns, row = rng.randint(3, 6), rng.randint(3, 5), round(style.small * 2)
    wide = width // columns
    for r in range(rows):
        y = top + r * row
        sheet.rect(left, y, wide * columns, row, theme.panel if r == 0 else theme.page)
        sheet.rect(left, y, wide * columns, 1, theme.line)
        for c in range(columns):
            x = left + c * wide
            if r == 0 or c == 0:
                sheet.text(x + pen.px // 2, within(y, row, pen.px), prose.phrase(1, 1), pen, x + wide)
            else:
                ending(sheet, x + wide - pen.px // 2, within(y, row, pen.px), figure(rng), pen)
    sheet.rect(left, top + rows * row, wide * columns, 1, theme.line)
    return flow(sheet, left, top + rows * row + pen.px * 2, width, prose.phrase(3, 6), pen) + style.body
