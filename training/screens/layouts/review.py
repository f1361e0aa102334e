"""A change of code under review: before and after side by side, which scroll."""

from ..chrome import browser, thumb
from ..code_text import file_name, program
from ..motion import fork, scrolling
from ..prose import Prose, person
from ..scene import Scene, Stage, ending, within
from ..sheet import Colour, Sheet

_LIGHT: tuple[Colour, Colour] = ((255, 226, 224), (218, 250, 222))
_DARK: tuple[Colour, Colour] = ((72, 32, 34), (24, 62, 36))
"""Behind lines that went, and lines that came."""


def review(stage: Stage) -> Scene:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width, stage.height
    base = Sheet(width, height, theme.page)
    top = browser(base, stage, "Review", f"https://code.example/change/{rng.randint(100, 9999)}")
    head = style.pen(style.larger(1.4, height // 14), weight=700)
    base.text(style.body, top + head.px * 3 // 2, Prose(rng, "English").phrase(3, 6), head, width)
    note = style.pen(style.small, colour=theme.muted)
    base.text(style.body, top + head.px * 3 // 2 + note.px * 2, f"{person(rng)} changed {file_name(rng)}", note, width)
    top += head.px * 2 + note.px * 2
    base.rect(0, top - 1, width, 1, theme.line)
    pen, bar, high = style.fixed(style.small), max(style.small * 2 // 3, 7), height - top
    row, half = round(pen.px * 1.5), (width - bar) // 2
    lines = program(rng, 3 * high // row + 30)
    page = Sheet(width - bar, len(lines) * row, theme.page)
    gutter, backs = pen.width("0000") + pen.px, _DARK if theme.dark else _LIGHT
    kind = 0
    for number, line in enumerate(lines):
        y = number * row
        kind = rng.choices((0, 1, 2, 3), (8, 1, 1, 2))[0] if rng.random() < 0.4 else kind
        for side in range(2):
            x = side * half
            if kind == 3 or kind == side + 1:
                page.rect(x, y, half - 1, row, backs[side])
            elif kind:
                page.rect(x, y, half - 1, row, theme.panel)
                continue
            ending(page, x + gutter - pen.px // 2, within(y, row, pen.px), str(number + 1), pen.inked(theme.muted))
            runs = [(text, style.syntax(role)) for text, role in line]
            page.runs(x + gutter, within(y, row, pen.px), runs, pen, x + half - 4)
    page.rect(half - 1, 0, 1, page.height, theme.line)
    offsets = scrolling(fork(rng), stage.frames, stage.fps, page.height - high, row)

    def draw(offset: int) -> Sheet:
        sheet = base.copy()
        sheet.paste(page, 0, top, page.width, high, 0, offset)
        thumb(sheet, style, (width - bar, top, bar, high), offset, page.height)
        return sheet

    return Scene(offsets, draw)
