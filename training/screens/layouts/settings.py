"""A window of settings: switches that are turned, a field that is typed in."""

from ..chrome import button, side_list, window_bar
from ..motion import blinking, changes, fork, typing
from ..prose import Prose, person, street
from ..scene import Scene, Stage, within
from ..shapes import disc, rounded
from ..sheet import Sheet


def settings(stage: Stage) -> Scene:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width, stage.height
    base, prose, gap = Sheet(width, height, theme.page), Prose(rng), style.body
    top = window_bar(base, style, rng, "Settings")
    side = min(width // 4, style.small * 16) if width > 400 else 0
    if side:
        side_list(
            base, style, rng, (0, top, side, height - top), [prose.phrase(1, 2) for _ in range(30)], rng.randrange(6)
        )
    left, right = side + 2 * gap, width - 2 * gap
    head = style.pen(style.larger(1.8, height // 12), weight=700)
    base.text(left, top + head.px * 3 // 2, prose.phrase(1, 3), head, right)
    y, rows, row = top + head.px * 5 // 2, [], round(gap * 3.4)
    field = (left, y, right - left, round(gap * 2.2))
    y += round(gap * 3.4)
    while y + row < height - gap * 4:
        base.text(left, y + round(gap * 1.3), prose.phrase(2, 4), style.pen(weight=600), right - gap * 5)
        base.text(
            left, y + round(gap * 2.5), prose.sentence(), style.pen(style.small, colour=theme.muted), right - gap * 5
        )
        base.rect(left, y + row - 2, right - left, 1, theme.line)
        rows.append(y + gap)
        y += row
    wide = button(base, style, left, height - round(style.small * 3), "Save", strong=True)
    button(base, style, left + wide + gap, height - round(style.small * 3), "Cancel", strong=False)
    written = f"{person(rng)}, {rng.randint(1, 99)} {street(rng)}"
    counts = typing(fork(rng), stage.frames, stage.fps, len(written))
    turned = changes(fork(rng), stage.frames, stage.fps, 0.3, 1.5)
    first = [rng.random() < 0.5 for _ in rows]
    states = list(zip(counts, turned, blinking(stage.frames, stage.fps), strict=True))

    def draw(state: tuple[int, int, bool]) -> Sheet:
        count, turns, on = state
        sheet, pen = base.copy(), style.pen()
        rounded(sheet, *field, gap // 3, theme.accent)
        rounded(sheet, field[0] + 1, field[1] + 1, field[2] - 2, field[3] - 2, gap // 3, theme.page)
        end = sheet.text(field[0] + gap // 2, within(field[1], field[3], pen.px), written[:count], pen, right)
        if on:
            sheet.rect(round(end) + 1, field[1] + gap // 3, 1, field[3] - 2 * (gap // 3), theme.ink)
        for number, at in enumerate(rows):
            lit = first[number] ^ bool((turns + len(rows) - 1 - number) // len(rows) % 2)
            x, high = right - round(gap * 2.4), round(gap * 1.3)
            rounded(sheet, x, at, round(gap * 2.4), high, high // 2, theme.accent if lit else theme.line)
            disc(sheet, x + (gap * 2.4 - high / 2 if lit else high / 2), at + high / 2, high * 0.38, theme.page)
        return sheet

    return Scene(states, draw)
