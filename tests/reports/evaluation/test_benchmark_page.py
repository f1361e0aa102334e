"""The benchmark's page shows the tables' figures, needs nothing but itself, and takes names from outside as text."""

import html
from collections.abc import Sequence
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest
from vidsharp.reports.evaluation import benchmark_page as page_module
from vidsharp.reports.evaluation.benchmark_page import BenchmarkStrip, benchmark_page
from vidsharp.reports.evaluation.benchmark_tables import (
    HYPOTHESES,
    ROW_COLUMNS,
    WHOLE,
    WINDOW,
    WORD_COLUMNS,
    claims,
    floors,
    gain_by_age,
    group_summary,
    source_table,
    words_by_height,
)
from vidsharp.reports.evaluation.evaluation_tables import with_interval
from vidsharp.reports.evaluation.hard_words import hard_words
from vidsharp.reports.run.tables import rows, table

EVIL = "<img src=x onerror=alert(1)>\"'"
DATA = "data:image/webp;base64,AAAA"
GAINS = {"identity": 0.0, "unsharp": 0.4, "fast": 1.5, "balanced": 2.0}


def items(
    sources: tuple[str, ...] = ("a", "b", "c"), gains: dict[str, float] = GAINS, **more: Any
) -> list[dict[str, Any]]:
    return [
        {"source": s, "group": "screens", "level": level, "seed": 0, "view": view, "method": m, "item": str(n),
         "psnr_db": 30 + g + i / 10, "ssim": 0.9 + g / 100, "vmaf_neg": 50 + g * (1 - i), "since_keyframe": n,
         "change": 3.2, "change_sharp": 3.0, "psnr_chroma_db": 35 + g, "detail_product": 300 + 100 * g,
         "detail_out": (200 + 100 * g) * n, "detail_sharp": 900.0, "words": 10,
         "words_right": 5, "words_wrong": 2 + (m == "fast"), **more}
        for i, s in enumerate(sources) for n in (7, 15) for level in ("medium", "heavy") for view in (WHOLE, WINDOW)
        for m, g in gains.items()
    ]  # fmt: skip


def strip(source: str = "a", level: str = "medium", picture: str = DATA) -> BenchmarkStrip:
    return BenchmarkStrip(source, "screens", level, "7", {"sharp": picture, "input": picture, "fast": picture})


def page(
    listed: list[dict[str, Any]],
    strips: tuple[BenchmarkStrip, ...] = (),
    videos: tuple[str, ...] = (),
    looks: tuple[BenchmarkStrip, ...] = (),
    read: Sequence[dict[str, Any]] = (),
    **about: str,
) -> str:
    frame, words = table(listed, ROW_COLUMNS), table(read, WORD_COLUMNS)
    sources = source_table(frame, WHOLE)
    curves = {
        "keyframe": gain_by_age(frame, "since_keyframe"),
        "switch": gain_by_age(frame, "since_switch"),
        "height": words_by_height(words),
    }
    beside = group_summary(source_table(frame, WINDOW))
    said = {
        "version": "1",
        "same_inputs": "yes",
        "sources": "3 sources",
        "inputs": "abcdef" * 8,
        "made": "today",
        **about,
    }
    tables = group_summary(sources), beside, claims(sources), floors(sources), hard_words(words)
    return benchmark_page(sources, *tables, curves, strips, looks, videos, said)


class _Tags(HTMLParser):
    """All tags with their attributes, and all text; a tag that is not closed in its order fails."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(source)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag == "p" and self.open[-1] != "p":
            raise AssertionError(f"{self.open} is open at </p>")
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] != "style":
            self.text += data


def test_every_figure_of_all_groups_is_on_the_page() -> None:
    listed = items()
    text = " ".join(_Tags(page(listed)).text.split())
    summary: pd.DataFrame = group_summary(source_table(table(listed, ROW_COLUMNS), WHOLE))
    for row in rows(summary):
        if row["method"] == "identity":
            assert f"{row['psnr_db']:.2f}" in text
        else:
            for name, form in (("psnr_gain_db", "+.2f"), ("ssim_gain", "+.4f"), ("vmaf_neg_gain", "+.2f")):
                assert with_interval(row, name, form) in text
    for claim in rows(claims(source_table(table(listed, ROW_COLUMNS), WHOLE))):
        assert claim["claim"] in text
    assert f"{len(HYPOTHESES)} claims were written down" in text


def test_more_words_read_wrong_are_shown_as_lost_and_flicker_as_neither() -> None:
    source = page(items())
    assert '<span class="lost">+0.100' in source
    assert '<span class="">1.067' in source
    assert '<span class="won">+1.50' in source


def test_detail_and_pumping_are_shown_as_they_are_and_kept_detail_by_its_gain_too() -> None:
    listed = items(("a",))
    source = page(listed)
    (fast,) = [
        row
        for row in rows(group_summary(source_table(table(listed, ROW_COLUMNS), WHOLE)))
        if (row["group"], row["level"], row["method"]) == ("all", "medium", "fast")
    ]
    assert fast["detail_kept_gain_pct"] == pytest.approx(50)
    assert fast["pumping_pct"] == pytest.approx(100 * 8 / 11)
    titles = ("detail kept", "detail kept: gain, %", "detail energy", "pumping, %")
    assert "".join(f"<th>{title}</th>" for title in titles) in source
    shown = (f"{fast['detail_kept']:.3f}", "+50.0", f"{fast['detail_energy']:.3f}", "72.7")
    classes = ("", "won", "", "")
    cells = (f'<td><span class="{c}">{text}</span></td>' for c, text in zip(classes, shown, strict=True))
    assert "".join(cells) in source
    assert "<td>–</td><td>2.444</td><td>72.7</td>" in source  # the input has no gain over itself


def test_hard_words_are_shown_with_their_points() -> None:
    def word(level: str, method: str, reading: str) -> dict[str, Any]:
        return {"source": "a", "level": level, "seed": 0, "method": method, "text": EVIL, "reading": reading}

    inputs = [word(level, "identity", r) for level, r in (("light", "right"), ("medium", "missed"), ("heavy", "wrong"))]
    made = page(items(), read=[*inputs, word("heavy", "fast", "right")])
    assert "Words that matter" in _Tags(made).text
    cells = '<td>1</td><td>1</td>\n<td><span class="won">+100.0</span></td><td><span class="won">-100.0</span></td>'
    assert f'<td class="text">fast</td>{cells}' in made
    assert "Words that matter" not in page(items())


def test_the_page_needs_nothing_but_itself_and_runs_nothing() -> None:
    source = page(items(), (strip(),), ("a-medium.mp4", "odd name#?.mp4"))
    parsed = _Tags(source)
    assert not {tag for tag, _ in parsed.tags} & {"script", "link", "iframe", "object", "form", "base", "video"}
    for tag, attributes in parsed.tags:
        for name in ("src", "srcset", "action", "poster"):
            assert (attributes.get(name) or "data:").startswith("data:")
        assert (attributes.get("href") or "videos/").startswith("videos/"), tag
        assert not any(name.startswith("on") for name in attributes)
    assert [a["href"] for t, a in parsed.tags if t == "a"] == ["videos/a-medium.mp4", "videos/odd%20name%23%3F.mp4"]
    (policy,) = [a["content"] for _, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none';")
    assert "script" not in policy
    assert "url(" not in source
    assert "http" not in source.replace("http-equiv", "")


def test_names_from_outside_are_text() -> None:
    gains = {**GAINS, EVIL: 1.0}
    evil = BenchmarkStrip(EVIL, EVIL, EVIL, EVIL, {EVIL: DATA})
    listed = [{**row, "group": EVIL} for row in items((EVIL, "b"), gains)]
    source = page(listed, (evil,), (EVIL,), version=EVIL, sources=EVIL, made=EVIL)
    assert EVIL not in source
    assert html.escape(EVIL)[:20] in source
    parsed = _Tags(source)
    assert [a["src"] for tag, a in parsed.tags if tag == "img"] == [DATA]
    assert not any(name.startswith("on") for _, attributes in parsed.tags for name in attributes)
    assert EVIL in parsed.text


def test_crops_come_worst_first_up_to_the_limit_and_the_rest_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    strips = (strip("a"), strip("b"), strip("c"), strip("unknown"))
    parsed = _Tags(page(items(), strips))
    shown = [a["alt"] for tag, a in parsed.tags if tag == "img"]
    assert shown[::3] == ["c, sharp", "b, sharp", "a, sharp", "unknown, sharp"]  # c loses, b gains nothing, a gains
    assert "more have no room" not in parsed.text
    large = DATA + "A" * 1000
    monkeypatch.setattr(page_module, "PICTURES_MAX_BYTES", 2 * 3 * len(large))
    fewer = page(items(), tuple(strip(name, picture=large) for name in "abc"))
    assert fewer.count(large) == 6
    assert "1 more have no room here" in fewer


def test_what_was_not_measured_has_no_column_and_no_claim() -> None:
    bare = {"vmaf_neg": None, "change": None, "change_sharp": None, "words": None, "since_keyframe": None}
    text = _Tags(page(items(("a",), {"identity": 0.0, "mine": 1.0}, **bare))).text
    before, _ = text.split("What the figures mean")
    assert "None of them could be tested" in before
    for word in ("words right", "words wrong", "XPSNR", "[", "nan", ">None<"):
        assert word not in before
    assert "1.067" in _Tags(page(items())).text


def test_without_any_source_there_is_still_a_page() -> None:
    text = _Tags(page([])).text
    assert text.count("Nothing was measured.") == 4


def test_real_recordings_are_shown_however_many_crops_there_are() -> None:
    large = "data:image/webp;base64," + "A" * 3_000_000
    looks = (BenchmarkStrip("browser <b>", "VP8 of a browser", "as recorded", "0", {"input": DATA, "fast": DATA}),)
    made = page(items(), (strip("a", picture=large), strip("b", picture=large)), looks=looks)
    assert "browser &lt;b&gt;" in made
    assert "VP8 of a browser" in made
    assert "Real recordings" not in page(items())
