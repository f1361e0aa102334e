"""Means over sources, gains over doing nothing, and intervals that know how few the sources are."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from vidsharp.reports.evaluation.evaluation_tables import (
    ITEM_COLUMNS,
    SOURCE_COLUMNS,
    SUMMARY_COLUMNS,
    by_source,
    gain_of,
    summarise,
    summary_markdown,
)
from vidsharp.reports.metrics.statistics import bootstrap_interval
from vidsharp.reports.run.tables import rows, table


def item(source: str, number: int, level: str, method: str, psnr: float, **more: Any) -> dict[str, Any]:
    fields = {"source": source, "item": str(number), "level": level, "method": method}
    return {**fields, "psnr_db": psnr, "ssim": psnr / 100, **more}


def line_of(frame: pd.DataFrame, **where: str) -> dict[str, Any]:
    (found,) = [row for row in rows(frame) if all(row[name] == value for name, value in where.items())]
    return found


def test_sources_count_alike_however_many_pictures_they_have() -> None:
    items = [item("many", n, "blur", m, 20 + g) for n in range(9) for m, g in (("identity", 0), ("fast", 1))]
    items += [item("one", 0, "blur", m, 30 + g) for m, g in (("identity", 0), ("fast", 3))]
    sources = by_source(table(items, ITEM_COLUMNS))
    assert list(sources.columns) == list(SOURCE_COLUMNS)
    assert line_of(sources, source="many", method="fast")["psnr_gain_db"] == pytest.approx(1)
    summary = summarise(sources)
    assert list(summary.columns) == list(SUMMARY_COLUMNS)
    fast = line_of(summary, method="fast")
    assert (fast["sources"], fast["psnr_db"], fast["psnr_gain_db"]) == (2, pytest.approx(27), pytest.approx(2))
    # Of two sources, drawn with replacement, a quarter of the samples is one of them twice.
    assert (fast["psnr_gain_db_low"], fast["psnr_gain_db_high"]) == (pytest.approx(1), pytest.approx(3))
    assert fast["ssim_gain"] == pytest.approx(0.02)
    assert fast["flicker"] is None


def test_more_pictures_of_a_source_do_not_make_an_interval_narrower() -> None:
    def interval(pictures: int) -> float:
        rng = np.random.default_rng(5)
        gains = dict(zip("abcdefgh", rng.normal(1, 1, 8), strict=True))
        items = [item(s, n, "blur", "identity", 20) for s in gains for n in range(pictures)]
        items += [item(s, n, "blur", "fast", 20 + g) for s, g in gains.items() for n in range(pictures)]
        fast = line_of(summarise(by_source(table(items, ITEM_COLUMNS))), method="fast")
        return fast["psnr_gain_db_high"] - fast["psnr_gain_db_low"]

    assert interval(1) > 0.5
    assert interval(50) == pytest.approx(interval(1))


def test_the_interval_is_that_of_the_normal_law_for_many_values() -> None:
    values = np.random.default_rng(1).normal(3, 2, 400)
    low, high = bootstrap_interval(values, 0, 4000)
    assert low is not None
    assert high is not None
    half = 1.96 * values.std() / 20
    # 4000 draws place a 2.5 % quantile to about a tenth of a standard error
    assert (low, high) == (pytest.approx(values.mean() - half, abs=0.02), pytest.approx(values.mean() + half, abs=0.02))


def test_a_single_source_has_no_interval() -> None:
    assert bootstrap_interval(np.array([1.0]), 0, 100) == (None, None)
    items = [item("a", 0, "blur", m, p) for m, p in (("identity", 20), ("fast", 21))]
    summary = summarise(by_source(table(items, ITEM_COLUMNS)))
    assert line_of(summary, method="fast")["psnr_gain_db_low"] is None
    assert "|              +1.000 |" in summary_markdown(summary)


def test_calls_are_the_mean_of_their_three_levels_within_each_source() -> None:
    gains = {"light": 3.0, "medium": 2.0, "heavy": 1.0, "sharp": -9.0}
    items = [
        item(s, 0, level, m, 30 + (g if m == "fast" else 0), change=2.0, change_sharp=1.0 + (s == "b"))
        for level, g in gains.items()
        for s in "ab"
        for m in ("identity", "fast")
    ]
    summary = summarise(by_source(table(items, ITEM_COLUMNS)))
    assert list(dict.fromkeys(summary["level"])) == [*gains, "calls"]
    calls = line_of(summary, level="calls", method="fast")
    assert (calls["sources"], calls["psnr_gain_db"]) == (2, pytest.approx(2))
    assert (calls["flicker"], calls["steady"]) == (pytest.approx(1.5), None)
    fewer = [row for row in items if row["level"] != "heavy"]
    assert "calls" not in set(summarise(by_source(table(fewer, ITEM_COLUMNS)))["level"])


def test_flicker_is_the_ratio_of_sums_and_null_for_a_still_original() -> None:
    changes = {"moving": ((1.0, 2.0), (3.0, 2.0)), "calm": ((2.2, 2.0), (2.0, 2.0)), "still": ((0.5, 0.0),)}
    items = [
        item(source, n, "light", method, 30, change=c, change_sharp=s)
        for source, pairs in changes.items()
        for n, (c, s) in enumerate(pairs)
        for method in ("identity", "fast")
    ]
    sources = by_source(table(items, ITEM_COLUMNS))
    flicker = {row["source"]: row["flicker"] for row in rows(sources) if row["method"] == "fast"}
    assert flicker == {"moving": pytest.approx(1.0), "calm": pytest.approx(1.05), "still": None}
    fast = line_of(summarise(sources), method="fast")
    assert (fast["steady"], fast["timed"], fast["flicker"]) == (2, 2, pytest.approx(1.025))


def test_all_that_is_compared_has_a_gain_over_doing_nothing() -> None:
    base = {"psnr_chroma_db": 40.0, "vmaf": 70.0, "vmaf_neg": 60.0, "xpsnr_db": 33.0}
    better = {name: value + i + 1 for i, (name, value) in enumerate(base.items())}
    items = [item("a", 0, "blur", "identity", 30, **base), item("a", 0, "blur", "fast", 31, **better)]
    fast = line_of(by_source(table(items, ITEM_COLUMNS)), method="fast")
    assert [fast[gain_of(name)] for name in base] == pytest.approx([1, 2, 3, 4])
    assert gain_of("psnr_chroma_db") == "psnr_chroma_gain_db"
    assert gain_of("vmaf_neg") == "vmaf_neg_gain"
    summary = summarise(by_source(table(items, ITEM_COLUMNS)))
    header, _, identity, line = summary_markdown(summary).splitlines()
    for title, gain in (
        ("chroma gain dB", "+1.00"),
        ("VMAF gain", "+2.00"),
        ("VMAF-NEG gain", "+3.00"),
        ("XPSNR gain dB", "+4.00"),
    ):
        (column,) = [i for i, cell in enumerate(header.split("|")) if cell.strip() == f"{title} [95 %]"]
        assert line.split("|")[column].strip() == gain
        assert identity.split("|")[column].strip() == "–"
    assert "words" not in header


def test_a_figure_that_only_some_pictures_or_methods_have_is_of_those() -> None:
    items = [item("a", n, "blur", m, 30, vmaf=v) for m in ("identity", "fast") for n, v in enumerate((50.0, None))]
    items += [item("b", 0, "blur", "identity", 30, vmaf=40.0), item("b", 0, "blur", "fast", 30)]
    sources = by_source(table(items, ITEM_COLUMNS))
    assert line_of(sources, source="a", method="fast")["vmaf"] == 50
    assert line_of(sources, source="b", method="fast")["vmaf_gain"] is None
    fast = line_of(summarise(sources), method="fast")
    assert (fast["vmaf_gain"], fast["sources"]) == (0, 2)
    assert fast["vmaf_gain_low"] is None  # one source alone has it


def test_shares_of_words_are_over_all_words_of_a_source() -> None:
    counts = {"identity": ((10, 2, 3), (None, None, None), (30, 10, 0)), "fast": ((10, 8, 0), (None,) * 3, (30, 22, 6))}
    items = [
        item("a", n, "blur", method, 30, words=w, words_right=r, words_wrong=x)
        for method, pictures in counts.items()
        for n, (w, r, x) in enumerate(pictures)
    ]
    items += [item("none", 0, "blur", m, 30, words=0, words_right=0, words_wrong=0) for m in counts]
    sources = by_source(table(items, ITEM_COLUMNS))
    fast = line_of(sources, source="a", method="fast")
    assert (fast["words"], fast["words_right"], fast["words_wrong"]) == (
        40,
        pytest.approx(30 / 40),
        pytest.approx(6 / 40),
    )
    assert fast["words_right_gain"] == pytest.approx(30 / 40 - 12 / 40)
    assert fast["words_wrong_gain"] == pytest.approx(3 / 40)
    without = line_of(sources, source="none", method="fast")
    assert (without["words"], without["words_right"], without["words_right_gain"]) == (None, None, None)
    assert "words right [95 %]" in summary_markdown(summarise(sources))


def test_the_swing_is_from_the_worst_picture_to_the_best() -> None:
    items = [item("a", n, "blur", m, p) for m in ("identity", "fast") for n, p in enumerate((30.0, 33.5, 31.0))]
    items += [item("one", 0, "blur", m, 30) for m in ("identity", "fast")]
    sources = by_source(table(items, ITEM_COLUMNS))
    assert line_of(sources, source="a", method="fast")["psnr_swing_db"] == 3.5
    assert line_of(sources, source="one", method="fast")["psnr_swing_db"] is None


def detailed(source: str, method: str, sums: list[tuple[float, float, float]], **more: Any) -> list[dict[str, Any]]:
    """Pictures of a clip by (product, out, sharp)."""
    return [
        item(source, n, "light", method, 30, detail_product=p, detail_out=out, detail_sharp=sharp,
             change=2.0 if n else None, change_sharp=2.0 if n else None, **more)
        for n, (p, out, sharp) in enumerate(sums)
    ]  # fmt: skip


def test_ratios_of_detail_are_made_of_sums() -> None:
    items = detailed("a", "identity", [(10, 5, 100), (400, 200, 1000)])
    items += detailed("a", "fast", [(90, 90, 100), (525, 460, 1000)])
    sources = by_source(table(items, ITEM_COLUMNS))
    identity, fast = (line_of(sources, method=name) for name in ("identity", "fast"))
    assert (identity["detail_kept"], identity["detail_energy"]) == pytest.approx((410 / 1100, 205 / 1100))
    assert (fast["detail_kept"], fast["detail_energy"]) == pytest.approx((615 / 1100, 550 / 1100))
    assert fast["detail_kept_gain_pct"] == pytest.approx(50)
    assert (identity["detail_kept_gain_pct"], identity["pumping_gain_pct"]) == (0, 0)
    assert identity["pumping_pct"] == pytest.approx(100 * (0.2 - 0.05) / 0.125)
    assert fast["pumping_pct"] == pytest.approx(100 * (0.9 - 0.46) / 0.68)
    assert fast["pumping_gain_pct"] == pytest.approx(fast["pumping_pct"] - identity["pumping_pct"])


def test_a_source_with_hardly_any_detail_does_not_make_the_gain() -> None:
    items = detailed("a", "identity", [(500, 300, 1000)]) + detailed("a", "fast", [(600, 500, 1000)])
    items += detailed("b", "identity", [(1, 1, 1000)]) + detailed("b", "fast", [(52, 1200, 1000)])
    fast = line_of(summarise(by_source(table(items, ITEM_COLUMNS))), method="fast")
    assert fast["detail_kept_gain_pct"] == pytest.approx(100 * (652 / 501 - 1))  # and not the mean of 20 and 5100
    assert fast["detail_kept_gain_pct_low"] == pytest.approx(20)
    assert fast["detail_energy_most"] == pytest.approx(1.2)
    text = summary_markdown(summarise(by_source(table(items, ITEM_COLUMNS))))
    assert "detail kept gain % [95 %]" in text
    assert "+30.1 [+20.0, " in text
    assert "detail energy [95 %]" in text


def test_pumping_is_of_clips_and_flat_pictures_have_no_detail() -> None:
    flat = detailed("a", "identity", [(0, 0, 0), (0, 0, 0)])
    images = [row | {"change": None, "change_sharp": None} for row in detailed("b", "identity", [(1, 1, 2), (2, 2, 2)])]
    sources = by_source(table(flat + images, ITEM_COLUMNS))
    a, b = line_of(sources, source="a"), line_of(sources, source="b")
    assert (a["detail_kept"], a["detail_kept_gain_pct"], a["pumping_pct"]) == (None, None, None)
    assert (b["detail_kept"], b["pumping_pct"]) == (0.75, None)
    summary = line_of(summarise(by_source(table(flat, ITEM_COLUMNS))), method="identity")
    assert (summary["detail_kept_gain_pct"], summary["detail_energy_most"]) == (None, None)


def test_pumping_is_the_same_of_a_picture_that_is_evenly_sharper() -> None:
    rng = np.random.default_rng(1)
    sums = [(float(p), float(p), 1000.0) for p in rng.uniform(100, 400, 16)]
    items = detailed("a", "identity", sums) + detailed("a", "fast", [(2 * p, 3 * o, s) for p, o, s in sums])
    fast = line_of(by_source(table(items, ITEM_COLUMNS)), method="fast")
    assert fast["pumping_gain_pct"] == pytest.approx(0, abs=1e-9)
    assert fast["pumping_pct"] > 20
