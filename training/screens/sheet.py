"""A sheet: pixels, and the words that stand on them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from .fonts import Face
from .glyphs import Smoothing, advance, ink

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Word:
    """A word without blanks, and the box of its ink in px: nothing of the word is drawn outside of it."""

    text: str
    left: int
    top: int
    width: int
    height: int
    font_px: int
    """Size of its font, in px per em."""


@dataclass(frozen=True)
class Pen:
    """Settings with which text is drawn."""

    face: Face
    px: int
    colour: Colour
    smoothing: Smoothing

    def width(self, text: str) -> int:
        """The distance that the pen moves over the text, blanks included, in whole px."""
        return round(advance(self.face, self.px, text, self.smoothing))

    def inked(self, colour: Colour) -> "Pen":
        return replace(self, colour=colour)


class Sheet:
    """Pixels uint8 [H, W, 3] RGB to draw on, and the words that can be read there.

    What is drawn over a word takes the word away; a word that does not fit is drawn as far as it goes, but not counted.
    """

    def __init__(self, width: int, height: int, colour: Colour = (255, 255, 255)) -> None:
        self.pixels = np.empty((max(height, 1), max(width, 1), 3), np.uint8)
        self.pixels[:] = colour
        self.words: list[Word] = []

    @property
    def width(self) -> int:
        return self.pixels.shape[1]

    @property
    def height(self) -> int:
        return self.pixels.shape[0]

    def copy(self) -> "Sheet":
        twin = object.__new__(Sheet)
        twin.pixels, twin.words = self.pixels.copy(), list(self.words)
        return twin

    def cover(self, left: int, top: int, right: int, bottom: int) -> None:
        """Takes away the words that something is about to be drawn over."""
        if self.words:
            self.words = [
                word
                for word in self.words
                if word.left >= right
                or word.top >= bottom
                or word.left + word.width <= left
                or word.top + word.height <= top
            ]

    def rect(self, left: int, top: int, width: int, height: int, colour: Colour) -> None:
        left, top, right, bottom = self._inside(left, top, left + width, top + height)
        if right > left and bottom > top:
            self.cover(left, top, right, bottom)
            self.pixels[top:bottom, left:right] = colour

    def outline(self, left: int, top: int, width: int, height: int, colour: Colour) -> None:
        """A line of 1 px along the inside of a box."""
        for box in (
            (left, top, width, 1),
            (left, top + height - 1, width, 1),
            (left, top, 1, height),
            (left + width - 1, top, 1, height),
        ):
            self.rect(*box, colour)

    def blend(self, left: int, top: int, coverage: np.ndarray, colour: Colour) -> None:
        """Ink of one colour: coverage uint8 [h, w, 1 or 3], its first pixel at (left, top)."""
        height, width = coverage.shape[:2]
        x0, y0, x1, y1 = self._inside(left, top, left + width, top + height)
        if x1 <= x0 or y1 <= y0:
            return
        part = coverage[y0 - top : y1 - top, x0 - left : x1 - left].astype(np.uint16)
        under = self.pixels[y0:y1, x0:x1]
        # at most 255 · 255 + 127: fits 16 bits
        under[:] = (under * (255 - part) + np.asarray(colour, np.uint16) * part + np.uint16(127)) // np.uint16(255)

    def picture(self, left: int, top: int, pixels: np.ndarray) -> None:
        """Pixels uint8 [h, w, 3] as they are."""
        height, width = pixels.shape[:2]
        x0, y0, x1, y1 = self._inside(left, top, left + width, top + height)
        if x1 > x0 and y1 > y0:
            self.cover(x0, y0, x1, y1)
            self.pixels[y0:y1, x0:x1] = pixels[y0 - top : y1 - top, x0 - left : x1 - left]

    def paste(self, other: "Sheet", left: int, top: int, width: int, height: int, x: int = 0, y: int = 0) -> None:
        """The part of another sheet that starts at (x, y) there, in a box of this one, with its whole words."""
        part = other.pixels[max(y, 0) : y + height, max(x, 0) : x + width]
        self.picture(left, top, part)
        right, bottom = min(x + part.shape[1], x - left + self.width), min(y + part.shape[0], y - top + self.height)
        x_first, y_first = max(x, x - left), max(y, y - top)
        self.words.extend(
            Word(word.text, word.left - x + left, word.top - y + top, word.width, word.height, word.font_px)
            for word in other.words
            if word.left >= x_first
            and word.top >= y_first
            and word.left + word.width <= right
            and word.top + word.height <= bottom
        )

    def text(self, left: float, baseline: int, text: str, pen: Pen, until: int | None = None) -> float:
        """Text on a line; returns where the pen stands then. Words that would pass `until` (px) are left out."""
        return self.runs(left, baseline, [(text, pen.colour)], pen, until)

    def runs(
        self, left: float, baseline: int, runs: Iterable[tuple[str, Colour]], pen: Pen, until: int | None = None
    ) -> float:
        """Text of several colours on a line; a word goes on over a change of colour."""
        blank = advance(pen.face, pen.px, " ", pen.smoothing)
        pieces: list[tuple[str, Colour]] = []
        x = left
        for text, colour in runs:
            for number, piece in enumerate(text.split(" ")):
                if number:
                    after = self._word(x, baseline, pieces, pen, until)
                    if after is None:
                        return x
                    x, pieces = after + blank, []
                if piece:
                    pieces.append((piece, colour))
        after = self._word(x, baseline, pieces, pen, until)
        return x if after is None else after

    def _word(
        self, x: float, baseline: int, pieces: Sequence[tuple[str, Colour]], pen: Pen, until: int | None
    ) -> float | None:
        """Draws one word and returns where the pen stands then; None where it would pass `until`."""
        ends = x + sum(advance(pen.face, pen.px, piece, pen.smoothing) for piece, _ in pieces)
        if until is not None and ends > until:
            return None
        boxes: list[tuple[int, int, int, int]] = []
        for piece, colour in pieces:
            drawn = ink(pen.face, pen.px, piece, pen.smoothing)
            height, width = drawn.coverage.shape[:2]
            left, top = round(x) + drawn.left, baseline + drawn.top
            self.blend(left, top, drawn.coverage, colour)
            if width and height:
                boxes.append((left, top, left + width, top + height))
            x += advance(pen.face, pen.px, piece, pen.smoothing)
        if boxes:
            box = min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)
            if box == self._inside(*box):
                text = "".join(piece for piece, _ in pieces)
                self.words.append(Word(text, box[0], box[1], box[2] - box[0], box[3] - box[1], pen.px))
        return x

    def _inside(self, left: int, top: int, right: int, bottom: int) -> tuple[int, int, int, int]:
        return max(left, 0), max(top, 0), min(right, self.width), min(bottom, self.height)
