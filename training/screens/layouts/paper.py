"""A reader of papers: two columns of text with figures, which scroll."""

from dataclasses import replace

from ..chrome import status, thumb, tools, window_bar
from ..motion import fork, scrolling
from ..plots import draw_plot, paint_plot
from ..prose import Prose, person
from ..scene import Scene, Stage, centred, flow, lines_of
from ..sheet import Sheet
from ..style import THEMES


def paper(stage: Stage) -> Scene:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width, stage.height
    base = Sheet(width, height, theme.bar)
    top = window_bar(base, style, rng, f"{Prose(rng, 'English').phrase(3, 5)}.pdf")
    if height > 300:
        top += tools(base, style, rng, top)
    foot = status(base, style, (f"{rng.randint(1, 8)} / {rng.randint(8, 30)}", "125%"))
    bar, high = max(style.small * 2 // 3, 7), height - top - foot
    page = _pages(stage, min(width * 9 // 10, style.body * 64), 4 * high)
    offsets = scrolling(fork(rng), stage.frames, stage.fps, page.height - high, style.body * 2)

    def draw(offset: int) -> Sheet:
        sheet = base.copy()
        sheet.paste(page, (width - bar - page.width) // 2, top, page.width, high, 0, offset)
        thumb(sheet, style, (width - bar, top, bar, high), offset, page.height)
        return sheet

    return Scene(offsets, draw)


def _pages(stage: Stage, width: int, height: int) -> Sheet:
    rng, style = stage.rng, stage.style
    white, black = (255, 255, 255), (10, 10, 10)  # paper stays white in dark themes, too
    sheet, prose, gap, long = Sheet(width, height, style.theme.bar), Prose(rng), style.body, round(width * 1.35)
    text, margin = style.reading(style.small, colour=black), width // 12
    column, line = (width - 2 * margin - gap) // 2, round(style.small * 1.3)
    section = shown = 0
    for at in range(0, height, long):
        sheet.rect(0, at + gap // 2, width, long - gap, white)
        top = at + margin
        if at == 0:
            head = style.reading(style.larger(1.8, width // 16), weight=700, colour=black)
            for part in lines_of(prose.phrase(5, 9), head, width - 2 * margin):
                centred(sheet, width // 2, top, part, head)
                top += round(head.px * 1.3)
            centred(sheet, width // 2, top + gap // 2, ", ".join(person(rng) for _ in range(3)), text)
            top += gap * 3
        for side in range(2):
            x, y, end = margin + side * (column + gap), top, at + long - margin
            while y < end:
                kind = rng.random()
                if kind < 0.14 and end - y > line * 8:
                    head, section = style.reading(weight=700, colour=black), section + 1
                    y = flow(sheet, x, y + gap, column, f"{section} {prose.phrase(1, 4)}", head) + 2
                elif kind < 0.22 and end - y > column:
                    deep, shown = column * 2 // 3, shown + 1
                    paint_plot(sheet, replace(style, theme=THEMES[0]), draw_plot(rng), (x, y, column, deep))
                    y = flow(sheet, x, y + deep + line, column, f"Figure {shown}: {prose.sentence()}", text, 1.3) + gap
                    continue
                for part in lines_of(prose.paragraph(), text, column):
                    if y < end:
                        sheet.text(x, y, part, text)
                    y += line
                y += line // 3
    return sheet
