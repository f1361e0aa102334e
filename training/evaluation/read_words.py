"""Counts the words of a picture that can still be read after each method."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ...models.planes.picture import rgb_picture
from ...reports.metrics.words import Reader, Reading, Text, readings, words_of
from .evaluation_pictures import Planes, Position


@dataclass(frozen=True)
class WordCount:
    """The number of words in a picture, and of those that a reader gets right and wrong; the rest it misses."""

    words: int
    right: int
    wrong: int


@dataclass(frozen=True)
class WordRead:
    """One word of a picture, and what a reader made of it."""

    text: str
    height_px: float
    reading: Reading


def read_words(
    place: Position, outputs: Mapping[str, Planes], reader: Reader, truth: Sequence[Text] | None = None
) -> dict[str, list[WordRead]]:
    """The fate of each word, by method.

    Args:
        outputs: what each method made of `place.soft`.
        truth: the words that stand in the picture; None: those that the reader finds in the sharp original.
    """
    words = words_of(reader(rgb_picture(place.sharp, place.fmt))) if truth is None else truth
    found: dict[str, list[WordRead]] = {}
    for name, planes in outputs.items():
        lines = reader(rgb_picture(planes, place.fmt)) if words else []
        found[name] = [
            WordRead(word.text, word.box.bottom - word.box.top, reading)
            for word, reading in zip(words, readings(words, lines), strict=True)
            if reading is not None
        ]
    return found


def count_words(found: Sequence[WordRead]) -> WordCount:
    """The sums over the words of a picture."""
    kinds = [word.reading for word in found]
    return WordCount(len(kinds), kinds.count("right"), kinds.count("wrong"))
