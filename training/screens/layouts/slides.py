"""A presentation: headings, bullets and figures, one slide after the other."""

from functools import lru_cache
from random import Random

from ..motion import changes, fork
from ..photos import photo
from ..plots import draw_plot, paint_plot
from ..prose import Prose, percent
from ..scene import Scene, Stage, flow
from ..shapes import disc, shade
from ..sheet import Sheet

_PUSH = 8
"""Frames that a slide takes to push out the one before."""


def slides(stage: Stage) -> Scene:
    rng = stage.rng
    shown = changes(fork(rng), stage.frames, stage.fps, 0.8, 3.5)
    seeds = [rng.getrandbits(32) for _ in range(6)]
    pushed = rng.random() < 0.3

    @lru_cache(maxsize=3)
    def slide(number: int) -> Sheet:
        return _slide(stage, number, seeds[number % len(seeds)])

    since, states, before = _PUSH, [], 0
    for number in shown:
        since, before = (1, number) if number != before else (since + 1, before)
        states.append((number, min(since, _PUSH) if pushed else _PUSH))

    def draw(state: tuple[int, int]) -> Sheet:
        number, step = state
        if step == _PUSH or number == 0:
            return slide(number).copy()
        x = stage.width * (_PUSH - step) ** 2 // _PUSH**2
        sheet = Sheet(stage.width, stage.height)
        sheet.paste(slide(number - 1), x - stage.width, 0, stage.width, stage.height)
        sheet.paste(slide(number), x, 0, stage.width, stage.height)
        return sheet

    return Scene(states, draw)


def _slide(stage: Stage, number: int, seed: int) -> Sheet:
    rng, style, theme = Random(seed), stage.style, stage.style.theme
    width, height = stage.width, stage.height
    sheet, prose = Sheet(width, height, theme.page), Prose(rng)
    margin = width // 16
    look = _look(stage)
    title = style.reading(min(max(height // 13, 12), 60), weight=700, colour=theme.accent if look == 1 else theme.ink)
    if look == 2:
        sheet.rect(0, 0, width, height // 6, theme.accent)
        title = title.inked(theme.on_accent)
    elif look == 3:
        shade(sheet, theme.page, theme.panel)
        sheet.rect(0, 0, max(width // 90, 3), height, theme.accent)
    if number % 6 == 0 or rng.random() < 0.12:
        _opening(stage, sheet, prose, margin)
    else:
        sheet.text(margin, height // 8, prose.phrase(2, 5), title, width - margin)
        _content(stage, sheet, rng, prose, margin)
    foot = style.pen(max(9, height // 48), colour=theme.muted)
    sheet.text(margin, height - foot.px, prose.phrase(2, 4), foot, width - 3 * margin)
    sheet.text(width - margin, height - foot.px, str(number + 1), foot)
    return sheet


def _look(stage: Stage) -> int:
    """One of four designs, the same for a whole deck: by its colours and fonts, which do not change."""
    return (stage.style.theme.accent[0] + len(stage.style.text)) % 4


def _opening(stage: Stage, sheet: Sheet, prose: Prose, margin: int) -> None:
    style, height = stage.style, stage.height
    if _look(stage) == 2:
        sheet.rect(0, 0, stage.width, height // 6, style.theme.page)
    big = style.reading(min(max(height // 11, 14), 60), weight=700)
    at = flow(sheet, margin, height * 2 // 5, stage.width - 2 * margin, prose.phrase(3, 6), big, 1.25)
    sheet.rect(margin, at - big.px // 2, margin * 2, max(height // 160, 2), style.theme.accent)
    sub = style.reading(max(height // 24, 9), colour=style.theme.muted)
    sheet.text(margin, at + sub.px * 2, prose.phrase(3, 6), sub, stage.width - margin)


def _content(stage: Stage, sheet: Sheet, rng: Random, prose: Prose, margin: int) -> None:
    style, theme = stage.style, stage.style.theme
    width, height = stage.width, stage.height
    kind, top, bottom = rng.choice(("bullets", "plot", "photo", "figures")), height * 2 // 9, height * 11 // 12
    right = width - margin
    text = style.reading(min(max(height // rng.choice((20, 24, 28, 34)), 9), 46))
    column = right - margin if kind == "bullets" else (right - margin) * 5 // 11
    if kind == "figures":
        each = (right - margin) // 3
        for number in range(3):
            big = style.reading(min(max(height // 9, 14), 60), weight=700, colour=theme.accent)
            sheet.text(margin + number * each, top + big.px * 2, percent(rng), big, margin + (number + 1) * each)
            flow(
                sheet,
                margin + number * each,
                top + round(big.px * 2.4) + text.px,
                each - margin // 2,
                prose.phrase(4, 8),
                text,
            )
        return
    if kind == "plot":
        box = margin + column + margin // 2, top, right - margin - column - margin // 2, bottom - top - margin // 2
        paint_plot(sheet, style, draw_plot(rng), box)
    elif kind == "photo":
        left = margin + column + margin // 2
        sheet.picture(left, top, photo(rng, right - left, bottom - top - margin // 2))
    at = top + text.px
    while at < bottom - text.px * 3:
        disc(sheet, margin + text.px * 0.3, at - text.px * 0.33, text.px * 0.16, theme.accent)
        at = flow(sheet, margin + text.px, at, column - text.px, prose.phrase(3, 11), text, 1.3) + text.px // 2
