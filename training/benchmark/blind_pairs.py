"""Blind pairs: sharpened beside soft, or beside another method, unnamed; a key that stays closed; and the score of
answers."""

import csv
import io
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from PIL import Image

from ...reports.templates.markdown import markdown_table
from ..errors import DataError
from .contact_pages import GAP_PX, GROUND, enlarged
from .crop_pictures import CropPictures

HEADER = ("pair", "sharper", "better", "unnatural", "remark")
SHARPER = BETTER = ("left", "right", "same")
UNNATURAL = ("left", "right", "none")
SOFT = "soft"
"""The recording, as it came."""


@dataclass(frozen=True)
class Pair:
    """One line of the key."""

    pair: int
    method: str
    side: str
    """Where the method's picture is, `left` or `right`."""
    beside: str
    """What is at the other side: `SOFT`, or a method."""
    kind: str
    source: str
    level: str
    inputs: str


@dataclass(frozen=True)
class Score:
    """People's answers to one method's pairs, counted."""

    method: str
    pairs: int
    answered: int
    sharper: int
    """Answers that pick the method's picture as sharper."""
    softer: int
    """Answers that pick the other picture as sharper."""
    better: int
    """Answers that pick the method's picture as the better one, all in all."""
    worse: int
    unnatural: int
    """Answers that pick the method's picture as unnatural."""
    unnatural_other: int


def draw_pairs(shown: Sequence[CropPictures], seed: int, beside: str = SOFT) -> list[tuple[Pair, Image.Image]]:
    """Every method's pair of every crop, in an order and with sides that the seed shuffles, numbered from 1.

    A method is at the left in half of its pairs, give or take one.

    Args:
        beside: what each method is shown beside: the soft picture, or one of the methods.
    """
    rng = random.Random(seed)
    methods = list(dict.fromkeys(method for of_crop in shown for method in of_crop.made if method != beside))
    asked: list[tuple[CropPictures, str, str]] = []
    for method in methods:
        sides = [("left", "right")[i % 2] for i in range(len(shown))]
        rng.shuffle(sides)
        asked += [(of_crop, method, side) for of_crop, side in zip(shown, sides, strict=True)]
    rng.shuffle(asked)
    pairs = []
    for number, (of_crop, method, side) in enumerate(asked, start=1):
        crop = of_crop.crop
        left, right = of_crop.made[method], of_crop.soft if beside == SOFT else of_crop.made[beside]
        if side == "right":
            left, right = right, left
        key = Pair(number, method, side, beside, crop.kind, crop.source, crop.level, crop.inputs)
        pairs.append((key, _beside(left, right)))
    return pairs


def _beside(left: np.ndarray, right: np.ndarray) -> Image.Image:
    first, second = enlarged(left), enlarged(right)
    both = Image.new("RGB", (first.width + GAP_PX + second.width, first.height), GROUND)
    both.paste(first, (0, 0))
    both.paste(second, (first.width + GAP_PX, 0))
    return both


def empty_answers(pairs: Sequence[Pair]) -> str:
    """The page to be filled, as CSV."""
    return ",".join(HEADER) + "\n" + "".join(f"{pair.pair}{',' * (len(HEADER) - 1)}\n" for pair in pairs)


def key_json(pairs: Sequence[Pair]) -> list[dict[str, object]]:
    """The key as JSON holds it."""
    return [asdict(pair) for pair in pairs]


def read_key(entries: object) -> list[Pair]:
    """The key out of JSON.

    Raises:
        DataError: it is no key.
    """
    try:
        return [Pair(**entry) for entry in entries]  # type: ignore[attr-defined]
    except TypeError as error:
        raise DataError("The file key.json is not one that this command wrote.") from error


def score_answers(text: str, key: Sequence[Pair]) -> list[Score]:
    """Each method's score from a filled page; lines left empty are not answered.

    Raises:
        DataError: another header, a pair that is not in the key or comes twice, or a word that is no answer.
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")), skipinitialspace=True)
    if tuple(name.strip() for name in reader.fieldnames or ()) != HEADER:
        raise DataError(f"The answers' first line must be '{','.join(HEADER)}'.")
    known = {str(pair.pair): pair for pair in key}
    answers: dict[str, Mapping[str, str]] = {}
    for line in reader:
        answer = {name: (line.get(name) or "").strip().lower() for name in HEADER}
        number = answer["pair"]
        if number not in known or number in answers:
            raise DataError(f"Pair '{number}' of the answers {'comes twice' if number in answers else 'is unknown'}.")
        for name, words in (("sharper", SHARPER), ("better", BETTER), ("unnatural", UNNATURAL)):
            if answer[name] and answer[name] not in words:
                raise DataError(f"Pair {number}: '{answer[name]}' is not {', '.join(words[:-1])} or {words[-1]}.")
        answers[number] = answer
    return [
        _score(method, [pair for pair in key if pair.method == method], answers)
        for method in sorted({pair.method for pair in key})
    ]


def _score(method: str, pairs: Sequence[Pair], answers: Mapping[str, Mapping[str, str]]) -> Score:
    said = [(pair.side, answer) for pair in pairs if (answer := answers.get(str(pair.pair)))]
    said = [(side, answer) for side, answer in said if any(answer[name] for name in HEADER[1:-1])]

    def count(name: str, *, of_method: bool) -> int:
        return sum(a[name] in ("left", "right") and (a[name] == side) == of_method for side, a in said)

    return Score(
        method,
        len(pairs),
        len(said),
        count("sharper", of_method=True),
        count("sharper", of_method=False),
        count("better", of_method=True),
        count("better", of_method=False),
        count("unnatural", of_method=True),
        count("unnatural", of_method=False),
    )


def scores_markdown(scores: Sequence[Score]) -> str:
    """The scores as a Markdown table."""
    header = ["method", "pairs", "answered", *("sharper", "other sharper"), *("better", "other better")]
    header += ["unnatural", "other unnatural"]
    return markdown_table(header, [[str(value) for value in asdict(score).values()] for score in scores], 1)
