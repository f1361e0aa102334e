"""Hard words: chosen by other recordings than the one that is compared, so that luck is no gain."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from vidsharp.reports.evaluation.benchmark_tables import WORD_COLUMNS
from vidsharp.reports.evaluation.hard_words import HARD_WORD_COLUMNS, hard_words, hard_words_markdown
from vidsharp.reports.run.tables import rows, table

LEVELS = ("light", "medium", "heavy", "compressed", "switching")
LETTER = {"r": "right", "w": "wrong", "m": "missed"}


def readings(source: str, text: str, method: str, by_level: str, seed: int = 0) -> list[dict[str, Any]]:
    """One word at each of `LEVELS`."""
    at = {"source": source, "seed": seed, "method": method, "text": text}
    return [{**at, "level": lv, "reading": LETTER[r]} for lv, r in zip(LEVELS, by_level, strict=False)]


def hard(lines: Iterable[dict[str, Any]]) -> dict[tuple[str, str], dict[str, Any]]:
    found = hard_words(table(lines, WORD_COLUMNS))
    assert list(found.columns) == list(HARD_WORD_COLUMNS)
    return {(row["level"], row["method"]): row for row in rows(found)}


def test_a_word_is_hard_by_its_other_recordings() -> None:
    found = hard(
        [
            *readings("a", "Always,", "identity", "rrrrr"),
            *readings("a", "never", "identity", "mmmwm"),
            *readings("a", "but-one", "identity", "rrmrr"),  # of the others of heavy all are right
            *readings("a", "some", "identity", "rrmmm"),
        ]
    )
    words = {level: row["words"] for (level, _), row in found.items()}
    # 3 of 4 others are right but at heavy; 1 or 2 of 4 are.
    assert words == {"light": 2, "medium": 2, "heavy": 1, "compressed": 2, "switching": 2}
    assert found["light", "identity"]["right_pct"] == 100
    assert found["compressed", "identity"]["right_pct"] == 50


def test_points_are_over_doing_nothing_of_the_same_words() -> None:
    lines = [
        *readings("a", "one", "identity", "rrwmm"), *readings("a", "one", "fast", "rrrwm"),
        *readings("a", "two", "identity", "rrmmm"), *readings("a", "two", "fast", "rmmwm"),
        *readings("b", "far", "identity", "rrmmm"), *readings("b", "far", "fast", "rrmmm"),
        *readings("b", "easy", "identity", "rrrrr"), *readings("b", "easy", "fast", "wwwww"),
    ]  # fmt: skip
    found = hard(lines)
    heavy = found["heavy", "fast"]
    assert (heavy["words"], heavy["sources"]) == (3, 2)
    assert (heavy["right_gain_pct"], heavy["wrong_gain_pct"]) == pytest.approx((100 / 3, -100 / 3))
    assert (heavy["right_gain_pct_low"], heavy["right_gain_pct_high"]) == pytest.approx((0, 50))  # b alone, a alone
    assert found["medium", "fast"]["right_gain_pct"] == pytest.approx(-100 / 3)
    assert found["compressed", "fast"]["wrong_gain_pct"] == pytest.approx(200 / 3)
    text = hard_words_markdown(hard_words(table(lines, WORD_COLUMNS)))
    assert "+33.3 [+0.0, +50.0]" in text
    assert text.count("3 in 2") >= 2


def test_reading_again_with_other_luck_gains_nothing() -> None:
    """Readings at random, with the same chances for both: neither choosing nor comparing favours a method."""
    rng = np.random.default_rng(0)
    chances = (0.95, 0.6, 0.05, 0.95, 0.5)
    lines: list[dict[str, Any]] = []
    for number in range(3000):
        for method in ("identity", "same"):
            drawn = "".join("r" if rng.random() < chance else "m" for chance in chances)
            lines += readings(f"s{number % 10}", f"word{number}", method, drawn)
    found = hard(lines)
    for level in LEVELS:
        row = found[level, "same"]
        assert row["words"] > 500
        assert abs(row["right_gain_pct"]) < 4  # choosing by the same reading would give 5 to 20 at light and heavy


def test_seeds_are_recordings_and_sharp_ones_have_no_say() -> None:
    lines = readings("a", "once", "identity", "m") + readings("a", "once", "identity", "r", seed=1)
    lines += readings("a", "once", "identity", "r", seed=2)
    assert hard(lines)["light", "identity"]["words"] == 2  # seed 0 has easy others only; seeds 1 and 2 have one of two
    sharp = [{**line, "level": "sharp"} for line in readings("a", "text", "identity", "r")]
    assert hard(readings("a", "text", "identity", "mm") + sharp) == {}


def test_without_words_there_is_nothing() -> None:
    assert hard([]) == {}
    assert hard(readings("a", "alone", "identity", "r")) == {}
    assert hard_words_markdown(hard_words(table([], WORD_COLUMNS))) == ""
