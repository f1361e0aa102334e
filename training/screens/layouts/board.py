"""A board of cards in columns, one of which is dragged."""

from ..chrome import avatar, browser
from ..motion import fork, wandering
from ..prose import Prose, date, person
from ..scene import Scene, Stage, flow
from ..shapes import rounded
from ..sheet import Sheet
from ..style import SERIES

_COLUMNS = ("Backlog", "Next", "In progress", "Review", "Done")


def board(stage: Stage) -> Scene:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width, stage.height
    base, prose = Sheet(width, height, theme.panel), Prose(rng)
    top, gap = browser(base, stage, "Board", f"https://plans.example/board/{rng.randint(100, 999)}"), style.body
    count = max(2, min(5, width // (style.body * 14)))
    wide = (width - gap * (count + 1)) // count
    for number in range(count):
        x = gap + number * (wide + gap)
        rounded(base, x, top + gap, wide, height - top - 2 * gap, gap // 2, theme.bar)
        base.text(x + gap, top + gap * 3, _COLUMNS[number], style.pen(weight=700), x + wide)
        y = top + gap * 4
        while y < height - gap * 9 and rng.random() < 0.9:
            card = _card(stage, prose, wide - gap)
            if y + card.height > height - gap * 2:
                break
            base.paste(card, x + gap // 2, y, card.width, card.height)
            y += card.height + gap // 2
    moved = _card(stage, prose, wide - gap)
    places = wandering(fork(rng), stage.frames, stage.fps, width - moved.width, max(height - top - moved.height, 1))

    def draw(place: tuple[int, int]) -> Sheet:
        x, y = place[0], place[1] + top
        sheet = base.copy()
        shadow = sheet.pixels[y + 4 : y + moved.height + 6, x + 4 : x + moved.width + 6]
        shadow[:] = (shadow.astype("uint16") * 3 // 5).astype("uint8")
        sheet.cover(x + 4, y + 4, x + moved.width + 6, y + moved.height + 6)
        sheet.paste(moved, x, y, moved.width, moved.height)
        return sheet

    return Scene(places, draw)


def _card(stage: Stage, prose: Prose, width: int) -> Sheet:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    gap, small = style.body, style.pen(style.small, colour=theme.muted)
    long = Sheet(width, gap * 14, theme.page)
    long.rect(gap // 2, gap // 2, width // 4, max(gap // 3, 3), SERIES[rng.randrange(len(SERIES))])
    y = flow(long, gap // 2, round(gap * 2.1), width - gap, prose.phrase(3, 8), style.reading(), 1.3)
    long.text(gap // 2, y + small.px // 2, date(rng), small, width)
    avatar(long, style, width - gap * 3 // 2, y, gap * 4 // 5, person(rng))
    card = Sheet(width, min(y + gap, long.height))
    card.paste(long, 0, 0, width, card.height)
    card.outline(0, 0, width, card.height, theme.line)
    return card
