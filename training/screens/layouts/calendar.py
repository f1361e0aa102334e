"""A week in a calendar: hours that scroll, appointments in colours."""

from ..chrome import button, window_bar
from ..motion import fork, scrolling
from ..prose import Prose, person
from ..scene import Scene, Stage, lines_of, within
from ..shapes import disc, rounded
from ..sheet import Sheet
from ..style import SERIES

_MONTHS = ("January", "March", "April", "May", "June", "August", "September", "October", "November")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_TINTS = tuple(tuple((part + 255 * 3) // 4 for part in colour) for colour in SERIES)
_SHADES = tuple(tuple(part * 2 // 5 for part in colour) for colour in SERIES)


def calendar(stage: Stage) -> Scene:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width, stage.height
    base, pen = Sheet(width, height, theme.page), style.pen(style.small)
    top = window_bar(base, style, rng, "Calendar")
    head, row = style.pen(style.larger(1.6, height // 12), weight=700), round(style.small * 2.6)
    base.text(
        style.body,
        within(top, row + head.px, head.px),
        f"{rng.choice(_MONTHS)} {rng.randint(2023, 2026)}",
        head,
    )
    button(base, style, width - style.body * 8, top + head.px // 2, "Today", strong=True)
    top += row + head.px
    gutter, days = pen.width("00:00") + pen.px * 2, 7 if width > style.small * 50 else 3
    wide, first = (width - gutter) // days, rng.randint(1, 21)
    for day in range(days):
        x = gutter + day * wide
        if day == 2:
            disc(base, x + pen.width(_DAYS[day]) + pen.px * 1.9, top + row / 2, row * 0.42, theme.accent)
        end = base.text(x + pen.px // 2, within(top, row, pen.px), _DAYS[day], pen.inked(theme.muted))
        number = style.pen(style.small, weight=700, colour=theme.on_accent if day == 2 else theme.ink)
        base.text(
            round(end) + (round(pen.px * 1.4) - number.width(str(first + day)) // 2),
            within(top, row, pen.px),
            str(first + day),
            number,
        )
    top += row
    high, hour = height - top, max(round(style.small * 4.2), height // 13)
    page = _week(stage, gutter, wide, days, hour)
    morning = min(hour * 6, max(page.height - high, 0))  # nobody looks at the night
    scrolled = scrolling(fork(rng), stage.frames, stage.fps, page.height - high - morning, style.body)
    offsets = [morning + offset for offset in scrolled]

    def draw(offset: int) -> Sheet:
        sheet = base.copy()
        sheet.paste(page, 0, top, width, high, 0, offset)
        sheet.rect(0, top, width, 1, theme.line)
        return sheet

    return Scene(offsets, draw)


def _week(stage: Stage, gutter: int, wide: int, days: int, hour: int) -> Sheet:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    sheet, pen, prose = Sheet(stage.width, hour * 24, theme.page), style.pen(style.small), Prose(rng)
    for number in range(24):
        sheet.rect(gutter, number * hour, stage.width - gutter, 1, theme.line)
        if number:
            sheet.text(pen.px, number * hour + pen.px // 3, f"{number:02d}:00", pen.inked(theme.muted))
    for day in range(days):
        x, at = gutter + day * wide, hour * 6 + rng.randrange(4) * hour // 2
        sheet.rect(x, 0, 1, sheet.height, theme.line)
        while at < hour * 20:
            long, kind = hour * rng.randint(2, 6) // 2, rng.randrange(len(SERIES))
            back, ink = (_SHADES, (245, 245, 245)) if theme.dark else (_TINTS, (24, 26, 30))
            red, green, blue = back[kind]
            rounded(sheet, x + 2, at + 1, wide - 6, long - 2, style.body // 3, (red, green, blue))
            sheet.rect(x + 2, at + 3, 3, long - 6, SERIES[kind])
            y, text = at + round(pen.px * 1.3), style.pen(style.small, weight=600, colour=ink)
            for line in lines_of(prose.phrase(2, 5), text, wide - pen.px * 2):
                if y < at + long - pen.px * 2:
                    sheet.text(x + pen.px * 3 // 4 + 2, y, line, text, x + wide - 4)
                    y += round(pen.px * 1.3)
            small = style.pen(style.small, colour=ink)
            sheet.text(
                x + pen.px * 3 // 4 + 2,
                y,
                f"{at // hour:02d}:{'30' if at % hour else '00'} {person(rng)}",
                small,
                x + wide - 4,
            )
            at += long + hour * rng.randrange(4) // 2
    return sheet
