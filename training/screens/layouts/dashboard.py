"""A dashboard: tiles with figures that tick, and charts that grow."""

from ..chrome import ICONS, browser, icon, side_list
from ..motion import changes, fork
from ..plots import draw_plot, paint_plot
from ..prose import Prose, figure, percent
from ..scene import Scene, Stage
from ..shapes import rounded
from ..sheet import Sheet


def dashboard(stage: Stage) -> Scene:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width, stage.height
    base, prose = Sheet(width, height, theme.panel), Prose(rng)
    top = browser(base, stage, "Overview", f"https://metrics.example/board/{rng.randint(10, 99)}")
    side = min(width // 6, style.small * 14) if width > 500 else 0
    if side:
        side_list(base, style, rng, (0, top, side, height - top), [prose.phrase(1, 2) for _ in range(14)], 1)
    gap = style.body
    pen, tile = style.pen(style.small, colour=theme.muted), max(height // 7, style.body * 4)
    count = max(2, min(5, (width - side) // (style.body * 11)))
    wide = (width - side - gap * (count + 1)) // count
    big = style.pen(style.larger(1.7, tile // 3), weight=700)
    boxes = []
    for number in range(count):
        x = side + gap + number * (wide + gap)
        _card(base, stage, x, top + gap, wide, tile)
        base.text(x + gap, top + gap + pen.px * 2, prose.phrase(1, 3), pen, x + wide - gap)
        icon(base, rng.choice(ICONS), x + wide - gap * 2, top + gap * 2, gap, theme.accent)
        boxes.append((x + gap, top + gap + tile - pen.px))
    y = top + tile + 2 * gap
    across = 2 if width - side > style.body * 36 else 1
    cell = (width - side - gap * (across + 1)) // across
    plots = []
    rows = 2 if height - y > style.body * 26 else 1
    high = (height - y - gap * rows) // rows
    for number in range(across * rows):
        x, card = side + gap + number % across * (cell + gap), y + number // across * (high + gap)
        _card(base, stage, x, card, cell, high)
        plots.append((draw_plot(rng), (x + gap, card + gap // 2, cell - 2 * gap, high - gap)))
    for plot, box in plots[1:]:
        paint_plot(base, style, plot, box)
    ticks = changes(fork(rng), stage.frames, stage.fps, 0.2, 0.9)
    growth = changes(fork(rng), stage.frames, stage.fps, 0.03, 0.12)
    values = [[(figure(rng), percent(rng)) for _ in boxes] for _ in range(30)]
    states = [(tick, min(10 + grown % 120, 100) * 20 // 100) for tick, grown in zip(ticks, growth, strict=True)]

    def draw(state: tuple[int, int]) -> Sheet:
        tick, grown = state
        sheet = base.copy()
        paint_plot(sheet, style, plots[0][0], plots[0][1], grown * 5)
        for number, (x, baseline) in enumerate(boxes):
            value, change = values[(tick if number == tick % len(boxes) else tick // len(boxes)) % 30][number]
            sheet.text(x, baseline, value, big, x + wide - gap)
            if big.width(value) + pen.width(change) + gap * 3 < wide:
                sheet.text(x + wide - gap * 2 - pen.width(change), baseline, change, pen.inked(theme.accent))
        return sheet

    return Scene(states, draw)


def _card(sheet: Sheet, stage: Stage, left: int, top: int, width: int, height: int) -> None:
    theme, radius = stage.style.theme, stage.style.body // 2
    rounded(sheet, left, top, width, height, radius, theme.line)
    rounded(sheet, left + 1, top + 1, width - 2, height - 2, radius, theme.page)
