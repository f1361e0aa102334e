"""The benchmark's tables on figures that are known beforehand: groups, seeds, claims, floors and curves."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from vidsharp.reports.evaluation.benchmark_tables import (
    AGES,
    ALL,
    CLAIM_COLUMNS,
    CURVE_COLUMNS,
    FLOOR_COLUMNS,
    HEIGHTS,
    HYPOTHESES,
    ROW_COLUMNS,
    WHOLE,
    WINDOW,
    WORD_COLUMNS,
    Hypothesis,
    claims,
    claims_markdown,
    floors,
    gain_by_age,
    group_summary,
    source_table,
    words_by_height,
)
from vidsharp.reports.evaluation.evaluation_tables import SOURCE_COLUMNS, SUMMARY_COLUMNS
from vidsharp.reports.run.tables import rows, table

NAMES = "abcdefgh"


def row(source: str, method: str, gain: float = 0.0, **more: Any) -> dict[str, Any]:
    """A picture of 30 dB that a method makes better by `gain` dB, and so on in proportion."""
    fields = {"source": source, "group": "faces" if source < "e" else "rooms", "level": "medium", "seed": 0}
    fields |= {"view": WHOLE, "method": method, "item": "0", "psnr_db": 30 + gain, "ssim": 0.9 + gain / 100}
    return {**fields, "vmaf_neg": 50 + 5 * gain, **more}


def items(lines: Iterable[dict[str, Any]]) -> pd.DataFrame:
    return table(lines, ROW_COLUMNS)


def sources(gains: dict[str, float], levels: tuple[str, ...] = ("medium", "heavy"), **more: Any) -> pd.DataFrame:
    """Eight sources; each method gains its mean give or take what differs between sources."""
    spread = {name: 0.3 * (i - 3.5) / 3.5 for i, name in enumerate(NAMES)}
    methods = {"identity": 0.0, **gains}
    lines = [
        row(s, m, g + (spread[s] if g else 0), level=level, **more)
        for level in levels for s in NAMES for m, g in methods.items()
    ]  # fmt: skip
    return source_table(items(lines), WHOLE)


def line_of(frame: pd.DataFrame, **where: Any) -> dict[str, Any]:
    (found,) = [r for r in rows(frame) if all(r[name] == value for name, value in where.items())]
    return found


def test_gains_are_paired_by_source_and_views_do_not_mix() -> None:
    lines = [row("a", "identity"), row("a", "fast", 2), row("e", "identity", psnr_db=20), row("e", "fast", psnr_db=21)]
    lines += [row("a", "identity", view=WINDOW, psnr_db=1), row("a", "fast", view=WINDOW, psnr_db=9)]
    whole, window = source_table(items(lines), WHOLE), source_table(items(lines), WINDOW)
    assert list(whole.columns) == ["group", *SOURCE_COLUMNS]
    assert line_of(whole, source="a", method="fast")["psnr_gain_db"] == pytest.approx(2)
    assert line_of(whole, source="e", method="fast")["psnr_gain_db"] == pytest.approx(1)
    assert line_of(whole, source="e", method="fast")["group"] == "rooms"
    assert line_of(window, method="fast")["psnr_gain_db"] == 8
    assert list(source_table(items(lines[:4]), WINDOW).columns) == ["group", *SOURCE_COLUMNS]
    assert rows(source_table(items(lines[:4]), WINDOW)) == []


def test_several_seeds_give_the_mean_of_their_figures() -> None:
    lines = []
    for seed, (gain, words, right) in enumerate(((1.0, 4, 2), (3.0, 7, 7), (2.0, 6, 0))):
        lines.append(row("a", "identity", seed=seed, words=words, words_right=0, words_wrong=0))
        lines.append(row("a", "fast", gain, seed=seed, words=words, words_right=right, words_wrong=0))
        lines.append(row("a", "fast", gain + 1, seed=seed, item="1"))
        lines.append(row("a", "identity", seed=seed, item="1"))
    fast = line_of(source_table(items(lines), WHOLE), method="fast")
    assert fast["psnr_gain_db"] == pytest.approx(2.5)
    assert fast["words_right"] == pytest.approx((2 / 4 + 7 / 7 + 0) / 3)  # each recording counts alike
    assert fast["words"] == 6  # 5⅔
    assert fast["psnr_swing_db"] == pytest.approx(1)  # of one recording, not of all
    assert (fast["flicker"], fast["xpsnr_db"]) == (None, None)


def test_the_summary_has_all_groups_first_and_then_each() -> None:
    summary = group_summary(sources({"fast": 1.0}))
    assert list(summary.columns) == ["group", *SUMMARY_COLUMNS]
    assert list(dict.fromkeys(summary["group"])) == [ALL, "faces", "rooms"]
    gains = {name: line_of(summary, group=name, level="heavy", method="fast") for name in (ALL, "faces", "rooms")}
    assert [gains[name]["sources"] for name in gains] == [8, 4, 4]
    assert gains[ALL]["psnr_gain_db"] == pytest.approx(1)
    assert gains["faces"]["psnr_gain_db"] < 1 < gains["rooms"]["psnr_gain_db"]
    assert gains[ALL]["xpsnr_gain_db"] is None
    assert rows(group_summary(source_table(items([]), WHOLE))) == []


def test_a_true_gain_is_claimed_and_none_is_not() -> None:
    found = claims(sources({"unsharp": 0.5, "fast": 1.0, "balanced": 1.0, "fast-0.1": 1.0}))
    assert list(found.columns) == list(CLAIM_COLUMNS)
    assert list(found["claim"]) == [h.text for h in HYPOTHESES if "chroma" not in h.figure]  # was not measured
    over_input = line_of(found, claim="fast gains more VMAF-NEG than identity at medium and heavy")
    assert (over_input["sources"], over_input["mean"]) == (8, pytest.approx(5))
    assert over_input["low"] < over_input["mean"] < over_input["high"]
    assert over_input["p"] == pytest.approx(2.0**-8)
    equal = line_of(found, claim="balanced gains more SSIM than fast at medium and heavy")
    assert equal["mean"] == pytest.approx(0)
    assert equal["p_holm"] == 1
    assert all(r["p"] <= r["p_holm"] <= min(1, len(HYPOTHESES) * r["p"]) for r in rows(found))


def test_a_claim_about_a_student_is_about_the_look_that_it_has_by_itself() -> None:
    looks = {"unsharp": 0.5, "fast natural": 9.0, "fast crisp": 1.0, "balanced crisp": 1.0, "fast-0.1": 1.0}
    alone = {"unsharp": 0.5, "fast": 1.0, "balanced": 1.0, "fast-0.1": 1.0}
    assert rows(claims(sources(looks))) == rows(claims(sources(alone)))
    assert rows(claims(sources({"fast natural": 9.0}))) == []


def test_claims_without_their_method_or_figure_are_left_out_and_still_counted() -> None:
    found = claims(sources({"fast": 1.0}))
    assert [r["claim"].split(" than ")[1].split()[0] for r in rows(found)] == ["identity", "identity"]
    assert [r["p_holm"] for r in rows(found)] == pytest.approx([len(HYPOTHESES) * 2.0**-8] * 2)
    without_vmaf = claims(sources({"fast": 1.0}, vmaf_neg=None))
    assert [r["claim"] for r in rows(without_vmaf)] == [HYPOTHESES[1].text]
    assert rows(claims(sources({"mine": 1.0}))) == []
    assert rows(claims(sources({"fast": 1.0}, levels=("light", "sharp")))) == []
    assert rows(claims(source_table(items([]), WHOLE))) == []


def test_a_claim_is_about_the_mean_of_its_levels_within_a_source() -> None:
    lines = [row(s, m, level=level) for s in "ab" for m in ("identity", "fast") for level in ("medium", "heavy")]
    for line in lines:
        if line["method"] == "fast":
            line["psnr_db"] += {"medium": 3.0, "heavy": -1.0}[line["level"]] + (line["source"] == "b")
    lines += [row("a", "identity", level="light"), row("a", "fast", 9, level="light")]
    found = claims(source_table(items(lines), WHOLE), [Hypothesis("fast", "identity", "psnr_gain_db")])
    (claim,) = rows(found)
    assert (claim["sources"], claim["mean"], claim["p"]) == (2, pytest.approx(1.5), pytest.approx(1 / 4))
    assert "| fast gains more PSNR than identity" in claims_markdown(found)
    assert " +1.5 [+1, +2] |" in claims_markdown(found)


def test_chroma_is_claimed_at_each_level_with_an_interval() -> None:
    lines = [row(s, m, level=level) for s in NAMES for m in ("identity", "fast") for level in ("medium", "heavy")]
    for number, line in enumerate(lines):
        gain = {"medium": 1.0, "heavy": -0.2}[line["level"]] * (line["method"] == "fast") * (1 + number / 100)
        line["psnr_chroma_db"] = 35 + gain
    table_of = source_table(items(lines), WHOLE)
    for level, sign in (("medium", 1), ("heavy", -1)):
        claim = line_of(claims(table_of), claim=f"fast gains more chroma PSNR than identity at {level}")
        low, mean, high = (float(claim[name]) for name in ("low", "mean", "high"))
        assert low <= mean <= high
        assert sign * low > 0
        summed = line_of(group_summary(table_of), group=ALL, level=level, method="fast")
        assert float(summed["psnr_chroma_gain_db"]) == pytest.approx(mean)
        assert float(summed["psnr_chroma_gain_db_low"]) == pytest.approx(low)
    assert min(row["p_holm"] for row in rows(claims(table_of))) == pytest.approx(len(HYPOTHESES) * 2.0**-8)


def test_one_source_is_no_interval() -> None:
    lines = [row("a", m, g) for m, g in (("identity", 0), ("fast", 1))]
    found = claims(source_table(items(lines), WHOLE))
    assert {(r["sources"], r["low"], r["high"]) for r in rows(found)} == {(1, None, None)}
    assert "[" not in claims_markdown(found).split("---", 1)[1]


def test_floors_name_the_sources_below_worst_first() -> None:
    gains = {"a": (-1.2, 0.0), "b": (0.5, -0.02), "c": (-1.0, -0.005), "d": (-0.99, 0.1), "e": (-9.0, -0.001)}
    lines = [row(s, "identity") for s in gains]
    lines += [row(s, "fast", vmaf_neg=50 + neg, ssim=0.9 + ssim) for s, (neg, ssim) in gains.items()]
    lines += [row(s, "best", 1) for s in gains]
    found = floors(source_table(items(lines), WHOLE))
    assert list(found.columns) == list(FLOOR_COLUMNS)
    assert set(found["method"]) == {"fast", "best"}
    fast, best = line_of(found, method="fast"), line_of(found, method="best")
    assert (fast["sources"], best["below"], best["which"]) == (5, 0, None)
    assert fast["which"].replace(", c", "") == "e, b, a"  # c lies on both floors, within rounding
    without_vmaf = floors(source_table(items({**line, "vmaf_neg": None} for line in lines), WHOLE))
    assert line_of(without_vmaf, method="fast")["which"].replace(", c", "") == "b"
    assert rows(floors(source_table(items([]), WHOLE))) == []


def test_gains_by_age_are_paired_by_picture_and_lie_in_their_class() -> None:
    ages = (0, 1, 2, 3, 5, 7, 8, 63, 64, 200)
    lines = []
    for number, age in enumerate(ages):
        for method, gain in (("fast", float(age)), ("identity", 0.0)):  # identity comes last
            at = {"item": str(number), "since_keyframe": age, "psnr_db": 20 + number + gain}
            lines.append(row("a", method, **at))
            lines.append(row("a", method, **{**at, "seed": 1, "psnr_db": at["psnr_db"] - 7}))
            lines.append(row("a", method, **{**at, "view": WINDOW, "psnr_db": 0.0}))
    curve = gain_by_age(items(lines), "since_keyframe")
    assert list(curve.columns) == list(CURVE_COLUMNS)
    points = {r["from"]: (r["count"], r["value"]) for r in rows(curve)}
    assert points == {
        0: (2, 0), 1: (2, 1), 2: (4, 2.5), 4: (4, 6), 8: (2, 8), 32: (2, 63), 64: (4, pytest.approx(132)),
    }  # fmt: skip
    assert set(points) <= set(AGES)
    assert set(curve["method"]) == {"fast"}
    assert rows(gain_by_age(items(lines), "since_switch")) == []
    assert rows(gain_by_age(items([]), "since_keyframe")) == []


def test_words_by_height_are_shares_read_right() -> None:
    words = [(9.5, "right"), (10.0, "wrong"), (11.9, "right"), (40.0, "missed")]
    lines = [
        {"source": "a", "level": "heavy", "seed": 0, "method": "fast", "text": "x", "height_px": h, "reading": r}
        for h, r in words
    ]
    curve = words_by_height(table(lines, WORD_COLUMNS))
    assert {r["from"]: (r["count"], r["value"]) for r in rows(curve)} == {0: (1, 1), 10: (2, 0.5), 28: (1, 0)}
    assert set(curve["from"]) <= set(HEIGHTS)
    assert rows(words_by_height(table([], WORD_COLUMNS))) == []


def test_classes_rise_from_zero_so_that_everything_lies_in_one() -> None:
    for classes in (AGES, HEIGHTS):
        assert classes[0] == 0
        assert np.all(np.diff(classes) > 0)
