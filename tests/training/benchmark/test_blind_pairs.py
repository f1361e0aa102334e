"""Pairs do not tell which side is which, the key does, and a score counts what was said."""

import io
import json
from collections.abc import Sequence

import numpy as np
import pytest
from PIL import Image
from vidsharp.training.benchmark.blind_pairs import (
    Pair,
    draw_pairs,
    empty_answers,
    key_json,
    read_key,
    score_answers,
    scores_markdown,
)
from vidsharp.training.benchmark.contact_pages import GAP_PX, WIDEST_PX, ZOOM, contact_pages
from vidsharp.training.benchmark.crop_pictures import CropPictures
from vidsharp.training.benchmark.crops import SIDE_PX, Crop
from vidsharp.training.errors import DataError

SOFT, SHARP = 100, 250


def grey(code: int, side: int = 24) -> np.ndarray:
    return np.full((side, side, 3), code, np.uint8)


def shown(methods: Sequence[str] = ("one", "two"), count: int = 12, side: int = 24) -> list[CropPictures]:
    """Crops whose versions are told apart by their grey."""
    made = {name: grey(150 + 10 * i, side) for i, name in enumerate(methods)}
    crop = [Crop(f"kind {n}", f"s{n}", "heavy", "3", 0, 0, "d") for n in range(count)]
    return [CropPictures(each, grey(SOFT, side), made, grey(SHARP, side)) for each in crop]


def halves(picture: Image.Image) -> tuple[int, int]:
    pixels = np.asarray(picture)
    return int(pixels[0, 0, 0]), int(pixels[0, -1, 0])


def test_the_key_says_where_the_method_is_and_the_picture_agrees() -> None:
    pairs = draw_pairs(shown(), 3)
    assert [pair.pair for pair, _ in pairs] == list(range(1, 25))
    assert {(pair.method, pair.source) for pair, _ in pairs} == {
        (m, f"s{n}") for m in ("one", "two") for n in range(12)
    }
    for pair, picture in pairs:
        assert picture.size == (2 * 24 * ZOOM + GAP_PX, 24 * ZOOM)
        code = {"one": 150, "two": 160}[pair.method]
        assert halves(picture) == ((code, SOFT) if pair.side == "left" else (SOFT, code))
        assert picture.info == {}
    for method in ("one", "two"):
        sides = [pair.side for pair, _ in pairs if pair.method == method]
        assert sides.count("left") == sides.count("right") == 6


def test_methods_can_be_shown_beside_one_of_them() -> None:
    pairs = draw_pairs(shown(), 3, "two")
    assert {(pair.method, pair.beside) for pair, _ in pairs} == {("one", "two")}
    for pair, picture in pairs:
        assert halves(picture) == ((150, 160) if pair.side == "left" else (160, 150))


def test_order_and_sides_are_the_seeds() -> None:
    first, again, other = ([pair for pair, _ in draw_pairs(shown(), seed)] for seed in (1, 1, 2))
    assert first == again != other
    assert [pair.source for pair in first[:12]] != sorted(pair.source for pair in first[:12])
    assert read_key(json.loads(json.dumps(key_json(first)))) == first
    for damaged in ([{"pair": 1}], 5, ["a"]):
        with pytest.raises(DataError, match=r"key\.json"):
            read_key(damaged)


KEY = [Pair(n, "one" if n <= 4 else "two", "left" if n % 2 else "right", "soft", "", "", "", "") for n in range(1, 7)]


def test_a_score_counts_what_was_said_of_each_side() -> None:
    answers = (
        "\ufeffpair,sharper,better,unnatural,remark\r\n"
        '2,right,same,none,"hair, mostly"\r\n'  # the method
        "1,Left ,left, right,\r\n"  # the method is sharper and better, the soft one unnatural
        "3,right,right,left,\r\n"  # the soft one is sharper and better, and the method unnatural
        "4,same,right,none,\r\n"
        "6,,,,\r\n"
    )
    one, two = score_answers(answers, KEY)
    assert (one.method, one.pairs, one.answered) == ("one", 4, 4)
    assert (one.sharper, one.softer, one.unnatural, one.unnatural_other) == (2, 1, 1, 1)
    assert (one.better, one.worse) == (2, 1)
    assert (two.method, two.pairs, two.answered, two.sharper) == ("two", 2, 0, 0)
    assert "| one    |     4 |        4 |       2 |" in scores_markdown([one, two])


def test_the_page_to_be_filled_has_every_pair_and_says_nothing() -> None:
    page = empty_answers(KEY)
    assert [line.split(",") for line in page.splitlines()[1:]] == [[str(n), "", "", "", ""] for n in range(1, 7)]
    assert {score.answered for score in score_answers(page, KEY)} == {0}


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("1,left,left,none,\n1,left,left,none,\n", "Pair '1' of the answers comes twice"),
        ("9,left,left,none,\n", "Pair '9' of the answers is unknown"),
        ("1,up,left,none,\n", "Pair 1: 'up' is not left, right or same"),
        ("1,left,none,none,\n", "Pair 1: 'none' is not left, right or same"),
        ("1,left,left,same,\n", "Pair 1: 'same' is not left, right or none"),
    ],
)
def test_answers_that_are_none_are_one_sentence(lines: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        score_answers("pair,sharper,better,unnatural,remark\n" + lines, KEY)


@pytest.mark.parametrize("text", ["", "pair;sharper\n", "1,left,none,\n"])
def test_answers_need_their_first_line(text: str) -> None:
    with pytest.raises(DataError, match="first line must be 'pair,sharper,better,unnatural,remark'"):
        score_answers(text, KEY)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 6])
def test_pages_are_narrow_enough_and_show_every_version(count: int) -> None:
    methods = [f"m{i}" for i in range(count)]
    pages = list(contact_pages(shown(methods, 3, SIDE_PX)))
    assert len(pages) == 2
    for page in pages:
        assert page.width <= WIDEST_PX
        buffer = io.BytesIO()
        page.save(buffer, "PNG")
    codes = set(np.unique(np.asarray(pages[0])[..., 0], return_counts=False))
    assert {SOFT, SHARP, *(150 + 10 * i for i in range(count))} <= {int(code) for code in codes}
