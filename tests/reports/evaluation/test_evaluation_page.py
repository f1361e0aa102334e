"""The page shows the tables' figures, needs nothing but itself, and takes names from outside as text."""

import html
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from vidsharp.reports.evaluation import evaluation_page as page_module
from vidsharp.reports.evaluation.evaluation_page import PictureStrip, evaluation_page
from vidsharp.reports.evaluation.evaluation_tables import ITEM_COLUMNS, by_source, summarise
from vidsharp.reports.run.tables import rows, table
from vidsharp.reports.templates.picture_uri import picture_uri

EVIL = "<img src=x onerror=alert(1)>"
ABOUT = {"data": "clips & more", "models": "fast", "made": "today"}
METHODS = {"identity": 0.0, "unsharp": 0.4, "cas": 0.2, "fast": 1.5}


def strip(source: str = "a") -> PictureStrip:
    picture = np.full((8, 8, 3), 90, np.uint8)
    return PictureStrip(source, "medium", "7", {name: picture_uri(picture) for name in ("sharp", "input", "fast")})


def items(sources: tuple[str, ...] = ("a", "b"), *, timed: bool = True) -> list[dict[str, object]]:
    rng = np.random.default_rng(0)
    change = {"change": 3.2, "change_sharp": 3.0} if timed else {}
    return [
        {"source": s, "item": str(n), "level": level, "method": m, "psnr_db": 30 + gain + rng.normal(0, 0.3),
         "ssim": 0.9 + gain / 100 + rng.normal(0, 0.001), **change}
        for s in sources for n in (7, 15) for level in ("light", "medium", "heavy", "sharp")
        for m, gain in METHODS.items()
    ]  # fmt: skip


def page(listed: list[dict[str, object]], strips: tuple[PictureStrip, ...] = ()) -> str:
    frame = table(listed, ITEM_COLUMNS)
    sources = by_source(frame)
    return evaluation_page(frame, sources, summarise(sources), strips, ABOUT)


class _Tags(HTMLParser):
    """All tags with their attributes, and all text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_every_figure_of_the_summary_is_on_the_page() -> None:
    listed = items()
    text = " ".join(_Tags(page(listed)).text.split())
    for row in rows(summarise(by_source(table(listed, ITEM_COLUMNS)))):
        assert f"{row['psnr_db']:.2f}" in text
        if row["method"] != "identity":
            for name, form in (("psnr_gain_db", "+.3f"), ("ssim_gain", "+.4f")):
                mean, low, high = (f"{row[f'{name}{part}']:{form}}" for part in ("", "_low", "_high"))
                assert f"{mean} [{low}, {high}]" in text
    for row in rows(by_source(table(listed, ITEM_COLUMNS))):
        if row["method"] != "identity":
            assert f"{row['psnr_gain_db']:+.2f} / {row['ssim_gain']:+.4f} / 1.067" in text


def test_a_name_from_outside_is_text() -> None:
    listed = [{**row, "method": EVIL if row["method"] == "fast" else row["method"]} for row in items((EVIL, "b"))]
    evil = PictureStrip(EVIL, EVIL, EVIL, {EVIL: strip().pictures["sharp"]})
    made = page(listed, (evil,))
    assert EVIL not in made
    assert html.escape(EVIL) in made
    parsed = _Tags(made)
    assert [attributes["src"] for tag, attributes in parsed.tags if tag == "img"] == [evil.pictures[EVIL]]
    assert not any(name.startswith("on") for _, attributes in parsed.tags for name in attributes)
    assert EVIL in parsed.text


def test_the_page_needs_nothing_but_itself() -> None:
    parsed = _Tags(page(items(), (strip(),)))
    assert not {tag for tag, _ in parsed.tags} & {"script", "link", "iframe", "object", "form", "base"}
    for _, attributes in parsed.tags:
        for name in ("src", "href", "srcset", "action"):
            assert (attributes.get(name) or "data:").startswith("data:")
    (policy,) = [a["content"] for _, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:")
    assert "script" not in policy
    assert "url(" not in page(items())


def test_the_definitions_are_on_the_page() -> None:
    text = _Tags(page(items())).text
    for words in ("Wang et al.", "11×11", "bootstrap over sources", "at most 60", "T(output) ≤ 1.05 · T(sharp)"):
        assert words in text
    assert "Flicker" not in _Tags(page(items(timed=False))).text


def test_one_source_alone_has_a_page() -> None:
    text = _Tags(page(items(("a",)))).text
    assert "None" not in text
    assert "nan" not in text


def test_pictures_beyond_the_limit_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    strips = tuple(strip(name) for name in "abc")
    size = sum(map(len, strips[0].pictures.values()))
    monkeypatch.setattr(page_module, "PICTURES_MAX_BYTES", 2 * size)
    made = page(items(), strips)
    assert len(re.findall("<img ", made)) == 6
    assert "1 further source has no pictures here" in made
    assert "further source" not in page(items(), strips[:2])
