"""Words are looked for in what each method made: those that were written down, or that the original shows."""

from collections.abc import Sequence

import numpy as np
from vidsharp.reports.metrics.words import Box, Text
from vidsharp.training.evaluation.evaluation_pictures import CLIP_FORMAT, Planes, Position
from vidsharp.training.evaluation.read_words import WordCount, WordRead, count_words, read_words


def grey(luma: int) -> Planes:
    return [np.full((32, 64), luma, np.uint8), *(np.full((16, 32), 128, np.uint8) for _ in range(2))]


PLACE = Position("0", CLIP_FORMAT, grey(100), grey(235), None)
WHITE, BLACK = grey(235), grey(16)


class Reader:
    """Reads all of a white picture, garbles a grey one, and finds nothing in a black one."""

    def __init__(self) -> None:
        self.pictures: list[np.ndarray] = []

    def __call__(self, picture: np.ndarray) -> Sequence[Text]:
        self.pictures.append(picture)
        whole = Box(0, 4, 64, 20)
        value = int(picture.mean())
        return [Text("Quarter report to x", whole)] if value > 250 else [Text("Qu*rter rep-rt", whole)] if value else []


def test_the_words_of_the_original_are_looked_for_in_each_output() -> None:
    reader = Reader()
    found = read_words(PLACE, {"identity": PLACE.soft, "good": WHITE, "bad": BLACK}, reader)
    assert count_words(found["good"]) == WordCount(2, 2, 0)
    assert count_words(found["identity"]) == WordCount(2, 0, 2)
    assert count_words(found["bad"]) == WordCount(2, 0, 0)
    assert found["good"][0] == WordRead("Quarter", 16, "right")
    assert len(reader.pictures) == 4
    assert all(picture.shape == (32, 64, 3) and picture.dtype == np.uint8 for picture in reader.pictures)


def test_words_that_were_written_down_come_first_and_short_ones_do_not_count() -> None:
    truth = [Text("Report", Box(30, 4, 50, 20)), Text("to", Box(52, 4, 58, 20)), Text("elsewhere", Box(0, 28, 20, 32))]
    found = read_words(PLACE, {"good": WHITE}, Reader(), truth)["good"]
    assert [(word.text, word.reading) for word in found] == [("Report", "right"), ("elsewhere", "missed")]


def test_where_nothing_can_be_read_nobody_reads() -> None:
    reader = Reader()
    assert read_words(PLACE, {"a": WHITE, "b": BLACK}, reader, []) == {"a": [], "b": []}
    assert reader.pictures == []
    assert count_words([]) == WordCount(0, 0, 0)
