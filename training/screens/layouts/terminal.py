"""A terminal: commands and what they print, line after line."""

from ..chrome import window_bar
from ..code_text import shell
from ..motion import fork, scrolling
from ..scene import Scene, Stage, within
from ..sheet import Sheet


def terminal(stage: Stage) -> Scene:
    rng, style = stage.rng, stage.style
    width, height = stage.width, stage.height
    dark = style.theme.dark or rng.random() < 0.5
    paper = rng.choice(((12, 12, 12), (0, 0, 0), (30, 30, 46), (0, 43, 54), (48, 10, 36))) if dark else (253, 253, 250)
    plain = (222, 222, 222) if dark else (30, 30, 30)
    base, pen = Sheet(width, height, paper), style.fixed(colour=plain)
    top = window_bar(base, style, rng, f"ada@build-{rng.randint(1, 40)}: ~")
    row, high = round(pen.px * rng.choice((1.2, 1.3, 1.45))), height - top
    lines = shell(rng, min(4 * high // row + 20, 300))
    page = Sheet(width, (len(lines) + 1) * row, paper)
    for number, line in enumerate(lines):
        runs = [(text, plain if role == "plain" else style.syntax(role, dark)) for text, role in line]
        page.runs(pen.px // 2, within(number * row, row, pen.px), runs, pen)
    # Output comes in bursts of lines: what scrolls is the number of lines that have been printed.
    printed = scrolling(fork(rng), stage.frames, stage.fps, len(lines) * 4, 3)
    first = min(rng.randint(4, max(high // row, 5)), len(lines))
    states = [min(first + count // 4, len(lines)) for count in printed]

    def draw(count: int) -> Sheet:
        sheet = base.copy()
        shown = min(count, (high - pen.px // 2) // row)
        sheet.paste(page, 0, top + pen.px // 4, width, shown * row, 0, (count - shown) * row)
        y = top + pen.px // 4 + max(shown - 1, 0) * row
        end = max((w.left + w.width for w in sheet.words if w.top >= y), default=0)
        sheet.rect(end + pen.px // 2, y + 2, pen.width("0"), row - 4, plain)
        return sheet

    return Scene(states, draw)
