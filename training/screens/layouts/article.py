"""A web page to read: a heading, photos, quotations and links, which scrolls."""

from ..chrome import browser, thumb
from ..motion import fork, scrolling
from ..photos import photo
from ..prose import Prose, date, person
from ..scene import Scene, Stage, flow, within
from ..sheet import Sheet


def article(stage: Stage) -> Scene:
    rng, style = stage.rng, stage.style
    base, prose = Sheet(stage.width, stage.height, style.theme.page), Prose(rng)
    title = prose.phrase(3, 7)
    top = browser(
        base,
        stage,
        title,
        f"https://www.{prose.language.lower()}-review.example/{rng.randint(2020, 2026)}/{rng.randint(100, 9999)}",
    )
    bar, high = max(style.small * 2 // 3, 7), stage.height - top
    page = _page(stage, prose, title, stage.width - bar, 4 * high)
    offsets = scrolling(fork(rng), stage.frames, stage.fps, page.height - high, style.body * 3 // 2)

    def draw(offset: int) -> Sheet:
        sheet = base.copy()
        sheet.paste(page, 0, top, page.width, high, 0, offset)
        thumb(sheet, style, (stage.width - bar, top, bar, high), offset, page.height)
        return sheet

    return Scene(offsets, draw)


def _page(stage: Stage, prose: Prose, title: str, width: int, height: int) -> Sheet:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    sheet = Sheet(width, height, theme.page)
    row = round(style.body * 3)
    brand, link = style.pen(style.larger(1.3), weight=800, colour=theme.accent), style.pen(style.small)
    x = round(sheet.text(width // 12, within(0, row, brand.px), prose.phrase(1, 1), brand)) + row
    for _ in range(6):
        x = round(sheet.text(x, within(0, row, link.px), prose.phrase(1, 1), link, width)) + link.px * 2
    sheet.rect(0, row, width, 1, theme.line)
    column = min(width * 5 // 6, style.body * 42)
    wide = width > 1.5 * column
    left = width // 12 if wide else (width - column) // 2
    head, text = style.reading(style.larger(2.4, width // 14), weight=700), style.reading()
    y = flow(sheet, left, row + head.px * 2, column, title, head, 1.2)
    sheet.text(
        left, y, f"By {person(rng)} · {date(rng)} · {rng.randint(2, 19)} min read", link.inked(theme.muted), width
    )
    y += style.body * 2
    if wide:
        _aside(stage, sheet, prose, left + column + style.body * 3, row * 2, width)
    while y < height:
        kind = rng.random()
        if kind < 0.2:
            high = column * rng.randint(35, 60) // 100
            sheet.picture(left, y - style.body, photo(rng, column, high))
            sheet.text(
                left,
                y + high + style.small // 2,
                prose.sentence(),
                style.pen(style.small, colour=theme.muted),
                left + column,
            )
            y += high + style.body * 3
        elif kind < 0.32:
            sub = style.reading(style.larger(1.5, width // 16), weight=700)
            y = flow(sheet, left, y + sub.px, column, prose.phrase(2, 5), sub) + style.body // 2
        elif kind < 0.42:
            quote = style.reading(style.larger(1.25), italic=True, colour=theme.muted)
            end = flow(
                sheet, left + style.body * 2, y + quote.px // 2, column - style.body * 3, prose.sentence(), quote, 1.4
            )
            sheet.rect(left, y - quote.px // 2, max(style.body // 4, 2), end - y - quote.px // 2, theme.accent)
            y = end + style.body
        else:
            y = flow(sheet, left, y, column, prose.paragraph(), text, 1.55) + style.body
    return sheet


def _aside(stage: Stage, sheet: Sheet, prose: Prose, left: int, top: int, width: int) -> None:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    wide = min(width - left - style.body * 2, style.body * 18)
    if wide < style.body * 8:
        return
    pen, y = style.pen(style.small), top
    while y < sheet.height - wide:
        sheet.picture(left, y, photo(rng, wide, wide // 2))
        y = (
            flow(sheet, left, y + wide // 2 + pen.px * 2, wide, prose.phrase(3, 7), pen.inked(theme.accent), 1.35)
            + pen.px
        )
