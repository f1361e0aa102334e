"""A file manager: a list of files that scrolls, rows chosen one after the other."""

from random import Random

from ..chrome import icon, side_list, status, thumb, tools, window_bar
from ..code_text import file_name
from ..motion import changes, fork, scrolling
from ..prose import clock, date
from ..scene import Scene, Stage, ending, within
from ..shapes import polygon
from ..sheet import Sheet
from ..style import SERIES

_SIZES = ("kB", "MB", "GB")
_FOLDER = ((0, 0), (0.5, 0), (0.6, 0.2), (1.1, 0.2), (1.1, 1), (0, 1))
"""Outline of a folder of size 1."""


def files(stage: Stage) -> Scene:
    rng, style, theme = stage.rng, stage.style, stage.style.theme
    width, height = stage.width, stage.height
    base, pen = Sheet(width, height, theme.page), style.pen()
    top = window_bar(base, style, rng, "Documents")
    if height > 300:
        top += tools(base, style, rng, top)
    foot = status(base, style, (f"{rng.randint(20, 400)} items", f"{rng.randint(2, 90)} GB free"))
    side = min(width // 5, style.small * 14) if width > 400 else 0
    if side:
        side_list(
            base,
            style,
            rng,
            (0, top, side, height - top - foot),
            ("Home", "Desktop", "Documents", "Downloads", "Music", "Pictures", "Videos", "Network", "Trash"),
            2,
        )
    row, bar = round(pen.px * 2.1), max(style.small * 2 // 3, 7)
    columns = [(width - side) * share // 100 + side for share in (50, 64, 80)]
    base.rect(side, top, width - side, row, theme.panel)
    for x, label in zip((side + pen.px * 3, *columns), ("Name", "Size", "Type", "Changed"), strict=True):
        base.text(x, within(top, row, pen.px), label, style.pen(weight=600), width)
    top += row
    high = height - top - foot
    page = Sheet(width - side - bar, row * max(80, 3 * high // row), theme.page)
    seeds = [rng.getrandbits(32) for _ in range(page.height // row)]
    for number, seed in enumerate(seeds):
        _row(stage, page, number * row, row, [x - side for x in columns], Random(seed))
    offsets = scrolling(fork(rng), stage.frames, stage.fps, page.height - high, row)
    chosen = changes(fork(rng), stage.frames, stage.fps, 0.2, 0.9)
    rows = [rng.randrange(max(high // row, 1)) for _ in range(32)]
    scrolls = rng.random() < 0.6
    states = [(offset if scrolls else 0, rows[number % 32]) for offset, number in zip(offsets, chosen, strict=True)]

    def draw(state: tuple[int, int]) -> Sheet:
        offset, number = state
        sheet = base.copy()
        sheet.paste(page, side, top, page.width, high, 0, offset)
        strip, line = Sheet(page.width, row, theme.select), min(offset // row + number, len(seeds) - 1)
        _row(stage, strip, 0, row, [x - side for x in columns], Random(seeds[line]))
        above = max(offset - line * row, 0)  # how much of it has left at the top
        y = top + line * row - offset + above
        sheet.paste(strip, side, y, page.width, min(row - above, top + high - y), 0, above)
        thumb(sheet, style, (width - bar, top, bar, high), offset, page.height)
        return sheet

    return Scene(states, draw)


def _row(stage: Stage, page: Sheet, top: int, row: int, columns: list[int], rng: Random) -> None:
    style, theme = stage.style, stage.style.theme
    pen, size = style.pen(), style.body
    name, baseline = file_name(rng), within(top, row, style.body)
    if rng.random() < 0.3:
        name = name.split(".")[0]
        x, y = size, top + (row - size) // 2
        polygon(
            page,
            [(x + size * across, y + size * down) for across, down in _FOLDER],
            (232, 178, 60),
        )
    else:
        icon(page, "box", size, top + (row - size) // 2, size, SERIES[rng.randrange(len(SERIES))])
    page.text(size * 3, baseline, name, pen, columns[0] - size)
    muted = pen.inked(theme.muted)
    if "." in name:
        ending(page, columns[1] - size * 2, baseline, f"{rng.randint(1, 999)} {rng.choice(_SIZES)}", muted)
    page.text(
        columns[1], baseline, f"{name.rsplit('.', 1)[1].upper()} file" if "." in name else "Folder", muted, columns[2]
    )
    page.text(columns[2], baseline, f"{date(rng)} {clock(rng)}", muted, page.width)
