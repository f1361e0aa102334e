"""One large chart in a report: it grows while it is shown, with words beside it."""

from ..chrome import button, menu, window_bar
from ..motion import changes, fork
from ..plots import draw_plot, paint_plot
from ..prose import Prose
from ..scene import Scene, Stage, flow
from ..sheet import Sheet


def chart(stage: Stage) -> Scene:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width, stage.height
    base, prose = Sheet(width, height, theme.page), Prose(rng)
    top = window_bar(base, style, rng, prose.phrase(2, 4))
    top += menu(base, style, top, ("File", "Edit", "Insert", "Tools", "Desktop", "Help"))
    side, gap = (width // 4 if width > 500 else 0), style.body
    plots = [draw_plot(rng) for _ in range(4)]
    if side:
        left = width - side
        base.rect(left, top, side, height - top, theme.panel)
        head = style.reading(style.larger(1.3, side // 10), weight=700)
        y = flow(base, left + gap, top + head.px * 2, side - 2 * gap, prose.phrase(3, 5), head, 1.3) + gap
        while y < height - style.body * 10:
            y = flow(base, left + gap, y, side - 2 * gap, prose.sentence(), style.reading()) + gap // 2
        if height - y > style.body * 3:
            wide = button(base, style, left + gap, height - round(style.small * 3), prose.phrase(1, 1), strong=True)
            button(base, style, left + 2 * gap + wide, height - round(style.small * 3), "OK", strong=False)
    shown = changes(fork(rng), stage.frames, stage.fps, 2.0, 5.0)
    grown = changes(fork(rng), stage.frames, stage.fps, 0.03, 0.1)
    states, before, since = [], 0, 0
    for number, count in zip(shown, grown, strict=True):
        before, since = (number, count) if number != before else (before, since)
        states.append((number % 4, min(4 + (count - since) * 2, 100)))
    box = gap, top + gap // 2, width - side - 2 * gap, height - top - gap

    def draw(state: tuple[int, int]) -> Sheet:
        sheet = base.copy()
        paint_plot(sheet, style, plots[state[0]], box, state[1])
        return sheet

    return Scene(states, draw)
