"""A spreadsheet: columns of figures that scroll, a cell that is chosen, one that is being typed in."""

from ..chrome import menu, status, tools, window_bar
from ..motion import changes, fork, scrolling, typing
from ..prose import Prose, date, figure, percent, person
from ..scene import Scene, Stage, centred, ending, within
from ..sheet import Sheet

_ROWS = 200


def spreadsheet(stage: Stage) -> Scene:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width, stage.height
    base = Sheet(width, height, theme.page)
    top = window_bar(base, style, rng, f"{Prose(rng, 'English').phrase(1, 3)}.ods")
    top += menu(base, style, top, ("File", "Edit", "View", "Insert", "Format", "Data", "Tools", "Help"))
    if height > 300:
        top += tools(base, style, rng, top)
    pen = style.pen(style.small)
    row, gutter = round(pen.px * 1.75), pen.width("0000") + pen.px
    formula = f"=SUM(C{rng.randint(2, 9)}:C{rng.randint(20, 99)})"
    base.rect(0, top, width, row, theme.panel)
    base.text(pen.px // 2, within(top, row, pen.px), "C7", pen)
    base.rect(gutter, top + 2, width - gutter, row - 4, theme.page)
    base.text(gutter + pen.px, within(top, row, pen.px), formula, pen)
    top += row
    widths = [max(pen.px * rng.randint(5, 12), 30) for _ in range(40)]
    heads = Sheet(width, row, theme.bar)
    x = gutter
    for number, wide in enumerate(widths):
        heads.rect(x - 1, 0, 1, row, theme.line)
        if x + wide < width:
            centred(heads, x + wide // 2, within(0, row, pen.px), chr(65 + number % 26), pen.inked(theme.muted))
        x += wide
    base.paste(heads, 0, top, width, row)
    top += row
    foot = status(base, style, ("Sheet1", "Sheet2", f"Sum {figure(rng)}", "100%"))
    high = height - top - foot
    grid = _grid(stage, widths, row, gutter, min(_ROWS, 4 * high // row + 8))
    offsets = scrolling(fork(rng), stage.frames, stage.fps, grid.height - high, row)
    chosen = changes(fork(rng), stage.frames, stage.fps, 0.3, 1.2)
    cells = [(rng.randrange(max(high // row - 1, 1)), rng.randrange(5)) for _ in range(24)]
    written = [figure(rng) for _ in range(24)]
    counts = typing(fork(rng), stage.frames, stage.fps, 9)
    scrolls = rng.random() < 0.6
    states = [
        (offset // row * row if scrolls else 0, choice, -1 if scrolls else count)
        for offset, choice, count in zip(offsets, chosen, counts, strict=True)
    ]

    def draw(state: tuple[int, int, int]) -> Sheet:
        offset, choice, count = state
        sheet = base.copy()
        sheet.paste(grid, 0, top, width, high, 0, offset)
        line, column = cells[choice % 24]
        left, y = gutter + sum(widths[:column]), top + line * row
        if count >= 0:
            sheet.rect(left, y, widths[column] - 1, row - 1, theme.page)
            sheet.text(
                left + pen.px // 3, within(y, row, pen.px), written[choice % 24][:count], pen, left + widths[column]
            )
        for inset in (1, 2):
            sheet.outline(left - inset, y - inset, widths[column] - 1 + 2 * inset, row - 1 + 2 * inset, theme.accent)
        return sheet

    return Scene(states, draw)


def _grid(stage: Stage, widths: list[int], row: int, gutter: int, rows: int) -> Sheet:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    sheet, pen, prose = Sheet(stage.width, rows * row, theme.page), style.pen(style.small), Prose(rng)
    bold = style.pen(style.small, weight=700)
    sheet.rect(0, 0, gutter, sheet.height, theme.bar)
    kinds = [rng.choice((figure, figure, figure, percent, date, person, None)) for _ in widths]
    striped = rng.random() < 0.4
    for r in range(rows):
        y = r * row
        if striped and r % 2:
            sheet.rect(gutter, y, stage.width - gutter, row, theme.panel)
        sheet.rect(0, y + row - 1, stage.width, 1, theme.line)
        ending(sheet, gutter - pen.px // 3, within(y, row, pen.px), str(r + 1), pen.inked(theme.muted))
    x = gutter
    for wide, kind in zip(widths, kinds, strict=True):
        sheet.rect(x - 1, 0, 1, sheet.height, theme.line)
        for r in range(rows if x < stage.width else 0):
            if r % 24 == 0:
                sheet.text(
                    x + pen.px // 3, within(r * row, row, pen.px), prose.phrase(1, 1), bold, min(x + wide, stage.width)
                )
            elif rng.random() < 0.93:
                text = kind(rng) if kind else prose.phrase(1, 2)
                if kind in (figure, percent):
                    if pen.width(text) < wide - pen.px // 2 and x + wide < stage.width:
                        ending(sheet, x + wide - pen.px // 3, within(r * row, row, pen.px), text, pen)
                else:
                    sheet.text(x + pen.px // 3, within(r * row, row, pen.px), text, pen, min(x + wide, stage.width))
        x += wide
    return sheet
