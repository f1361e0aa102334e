"""Legibility of a screen's text: the words that stand there, against the lines that a reader found."""

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

Reading = Literal["right", "wrong", "missed"]
SHORTEST = 3
"""Letters and digits that a word must have to count: shorter ones are found anywhere."""


@dataclass(frozen=True)
class Box:
    """Rectangle in pixels, right and bottom excluded."""

    left: float
    top: float
    right: float
    bottom: float

    def holds_middle_of(self, other: "Box") -> bool:
        """Whether the other's middle lies inside, give or take a quarter of this one's height."""
        slack = (self.bottom - self.top) / 4
        x, y = (other.left + other.right) / 2, (other.top + other.bottom) / 2
        return self.left - slack <= x <= self.right + slack and self.top - slack <= y <= self.bottom + slack


@dataclass(frozen=True)
class Text:
    """Word that stands in a picture, or line that a reader found there."""

    text: str
    box: Box


Reader = Callable[[np.ndarray], Sequence[Text]]
"""From an RGB picture, uint8 [H, W, 3], to the lines of text in it."""


def readings(words: Sequence[Text], lines: Sequence[Text]) -> list[Reading | None]:
    """The fate of each word: read right, read wrong (a line was found there, but not this word in it), or missed.

    Case and everything but letters and digits is ignored, also the spaces between words, which readers often lose. A
    piece of a line is used up by the word that was found in it, the longest word first: a short one may be part of it.
    None for words of fewer than `SHORTEST` letters.
    """
    left = [plain(line.text) for line in lines]
    wanted = [plain(word.text) for word in words]
    found: list[Reading | None] = [None] * len(words)
    for number in sorted(range(len(words)), key=lambda n: -len(wanted[n])):
        letters = wanted[number]
        if len(letters) < SHORTEST:
            continue
        there = [i for i, line in enumerate(lines) if line.box.holds_middle_of(words[number].box)]
        hit = next((i for i in there if letters in left[i]), None)
        if hit is None:
            found[number] = "wrong" if there else "missed"
        else:
            left[hit] = left[hit].replace(letters, "\0", 1)
            found[number] = "right"
    return found


def plain(text: str) -> str:
    """Letters and digits alone, in lower case, without accents."""
    bare = unicodedata.normalize("NFKD", text).casefold()
    return "".join(letter for letter in bare if letter.isalnum())


def words_of(lines: Sequence[Text]) -> list[Text]:
    """The words of lines that were read on a sharp original whose text nobody wrote down: its share of the line's box,
    by its place among the letters.
    """
    words: list[Text] = []
    for line in lines:
        wide, at = (line.box.right - line.box.left) / max(len(line.text), 1), 0
        for part in line.text.split(" "):
            if len(plain(part)) >= SHORTEST:
                box = Box(
                    line.box.left + at * wide, line.box.top, line.box.left + (at + len(part)) * wide, line.box.bottom
                )
                words.append(Text(part, box))
            at += len(part) + 1
    return words
