"""A scene: what a screen shows over time, as a picture for each state and a state for each frame."""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from .sheet import Pen, Sheet
from .style import Style


@dataclass(frozen=True)
class Stage:
    """All that a layout is given to draw with and for."""

    rng: Random
    style: Style
    width: int
    height: int
    """Size of the picture in px."""
    frames: int
    fps: float


@dataclass(frozen=True)
class Scene:
    """Frames that have equal states show equal pictures."""

    states: Sequence[Hashable]
    """One per frame."""
    draw: Callable[[Any], Sheet]
    """The picture of a state: a sheet of its own, which the caller may draw on."""


Layout = Callable[[Stage], Scene]


def flow(sheet: Sheet, left: int, baseline: int, width: int, text: str, pen: Pen, leading: float = 1.5) -> int:
    """A paragraph broken into lines; returns the baseline of the line after it."""
    line = round(pen.px * leading)
    for part in lines_of(text, pen, width):
        sheet.text(left, baseline, part, pen)
        baseline += line
    return baseline


def lines_of(text: str, pen: Pen, width: int) -> list[str]:
    """The text broken at blanks into lines of at most `width` px, where its words allow."""
    lines: list[str] = []
    line, used, blank = "", 0, pen.width("i i") - 2 * pen.width("i")
    for word in text.split(" "):
        wide = pen.width(word)
        if line and used + blank + wide > width:
            lines.append(line)
            line, used = word, wide
        else:
            line, used = (f"{line} {word}", used + blank + wide) if line else (word, wide)
    return [*lines, line]


def centred(sheet: Sheet, middle: int, baseline: int, text: str, pen: Pen) -> None:
    sheet.text(middle - pen.width(text) // 2, baseline, text, pen)


def ending(sheet: Sheet, right: int, baseline: int, text: str, pen: Pen) -> None:
    """Text that ends at `right`, as figures in tables do."""
    sheet.text(right - pen.width(text), baseline, text, pen)


def within(top: int, height: int, px: int) -> int:
    """The baseline of text in the middle of a row."""
    return top + (height + round(px * 0.7)) // 2
