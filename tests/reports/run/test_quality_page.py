"""The page of a run shows the tables' figures, needs nothing but itself, takes names as text, and stays small."""

import base64
import hashlib
import html
import json
import math
import re
from collections import Counter
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from vidsharp.reports.run import quality_page as page_module
from vidsharp.reports.run.figures import figures_of
from vidsharp.reports.run.headline import headline, worst_first
from vidsharp.reports.run.page_previews import LEVELS, first_that_fit, fitting, sound_preview
from vidsharp.reports.run.quality_page import SHOWN_MAX, quality_page
from vidsharp.reports.run.run_data import POINTS, chunks_that_fit
from vidsharp.reports.run.series import binned, histogram
from vidsharp.reports.run.tables import CHUNK_COLUMNS, CLIP_COLUMNS, FRAME_COLUMNS, rows, table
from vidsharp.reports.run.work_times import busy_s, busy_spans, without_pauses
from vidsharp.reports.templates.page_template import script_json

from tests.reports.sample_run import HOSTILE, SampleRun, sample_run

ABOUT = {"made": "2026-11-24 15:00 UTC, vidsharp 0.1.0"}
PICTURE = "data:image/webp;base64,AAAA"


def page(run: SampleRun) -> str:
    return quality_page(*run.tables, run.previews, ABOUT)


def tables(clips: list[dict[str, Any]]) -> SampleRun:
    """A run that has no other rows."""
    return SampleRun(table(clips, CLIP_COLUMNS), table([], CHUNK_COLUMNS), table([], FRAME_COLUMNS), {})


def test_what_was_copied_from_the_frame_before_is_called_that() -> None:
    """`reused_share` counts pixels, and has nothing to do with what an earlier run had finished."""
    source = page(sample_run(3))
    assert re.search(r'"([^"]*)": of\("reused_share"\)', source)[1] == "Copied from the frame before"  # type: ignore[index]
    assert "Taken from an earlier run" not in source


class Parsed(HTMLParser):
    """All tags with their attributes, the text of each cell, and what scripts and the style hold."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.cells: list[tuple[int, dict[str, str | None], str]] = []
        self.raw: list[tuple[str, dict[str, str | None], str]] = []
        self.text = ""
        self._row = -1
        self._open: list[str] = []
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        self.tags.append((tag, attributes))
        if tag in ("script", "style"):
            self.raw.append((tag, attributes, ""))
            self._open.append(tag)
        if "data-clip-index" in attributes:
            self._row = int(attributes["data-clip-index"] or "")
        if tag == "td" and "data-column" in attributes:
            self.cells.append((self._row, attributes, ""))
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self._open and self._open[-1] == tag:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] in ("script", "style"):
            tag, attributes, text = self.raw[-1]
            self.raw[-1] = (tag, attributes, text + data)
            return
        self.text += data
        if self._open:
            row, attributes, text = self.cells[-1]
            self.cells[-1] = (row, attributes, text + data)

    def scripts(self) -> list[str]:
        return [text for tag, attributes, text in self.raw if tag == "script" and "type" not in attributes]

    def json(self, name: str) -> Any:
        (text,) = [text for _, attributes, text in self.raw if attributes.get("id") == name]
        return json.loads(text)

    def ids(self) -> list[str]:
        return [name for _, attributes in self.tags if (name := attributes.get("id"))]


RUNS: dict[str, dict[str, Any]] = {
    "many": {"count": 14, "reference": True},
    "hostile": {"count": 14, "seed": 1, "hostile": True},
    "one": {"count": 1},
    "not measured": {"count": 5, "measured": False, "pictures": False},
    "all failed": {"count": 4, "failed": 4},
    "none": {"count": 0},
}
every_run = pytest.mark.parametrize("name", RUNS)


@cache
def run_of(name: str) -> SampleRun:
    return sample_run(**RUNS[name])


@cache
def page_of(name: str) -> str:
    return page(run_of(name))


@every_run
def test_every_cell_is_the_figure_of_the_table(name: str) -> None:
    clips, parsed = rows(run_of(name).clips), Parsed(page_of(name))
    seen = set()
    for row, attributes, text in parsed.cells:
        column = attributes["data-column"] or ""
        value = clips[row][column]
        seen.add((row, column))
        if value is None:
            assert text.strip() == "–"
            assert "data-value" not in attributes
        else:
            assert attributes["data-value"] == str(value)
            assert text.strip() not in ("", "–")
    assert {row for row, _ in seen} == set(range(len(clips)))
    assert len(seen) == len(parsed.cells)
    reference = any(clip["ssim_ref_after"] is not None for clip in clips)
    assert len(seen) == len(clips) * (11 if reference else 9)


@every_run
def test_rounded_figures_are_the_nearest_to_those_of_the_table(name: str) -> None:
    for _, attributes, text in Parsed(page_of(name)).cells:
        if (attributes["data-column"] or "").startswith("ssim") and "data-value" in attributes:
            assert abs(float(text.split()[0]) - float(attributes["data-value"] or "")) <= 5.1e-5


@every_run
def test_the_data_for_the_script_is_that_of_the_tables(name: str) -> None:
    clips, data = rows(run_of(name).clips), Parsed(page_of(name)).json("data")
    for column in set(CLIP_COLUMNS) - {"key", "settings", "versions"}:
        assert data["clips"].get(column, [None] * len(clips)) == [clip[column] for clip in clips]
    for column in ("settings", "versions"):
        texts, of = (data["clips"][column][part] for part in ("texts", "of"))
        assert [texts[i] for i in of] == [clip[column] for clip in clips] if texts else not of
    for i, clip in enumerate(clips):
        chunks = [chunk for chunk in rows(run_of(name).chunks) if chunk["clip"] == clip["clip"]]
        assert data["chunks"][i].get("frames", []) == [chunk["frames"] for chunk in chunks]


@every_run
def test_the_page_needs_nothing_but_itself(name: str) -> None:
    parsed = Parsed(page_of(name))
    assert not {tag for tag, _ in parsed.tags} & {"link", "iframe", "object", "embed", "form", "base", "img"}
    for _, attributes in parsed.tags:
        assert not {"src", "srcset", "action", "style", "background"} & set(attributes)
        assert not any(attribute.startswith("on") for attribute in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    style = next(text for tag, _, text in parsed.raw if tag == "style")
    assert "url(" not in style
    assert "@import" not in style


@every_run
def test_the_policy_allows_exactly_the_scripts_and_the_style_that_are_there(name: str) -> None:
    def source(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    parsed = Parsed(page_of(name))
    (policy,) = [a["content"] for _, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy"]
    parts = dict(part.strip().split(" ", 1) for part in (policy or "").split(";"))
    assert parts == {
        "default-src": "'none'",
        "script-src": " ".join(map(source, parsed.scripts())),
        "style-src": " ".join(source(text) for tag, _, text in parsed.raw if tag == "style"),
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert len(parsed.scripts()) == 2


@every_run
def test_the_parts_that_others_rely_on_are_there_once(name: str) -> None:
    ids = Parsed(page_of(name)).ids()
    assert len(ids) == len(set(ids))
    assert {"summary", "failures", "details", "slider", "after-layer", "theme", "data"} <= set(ids)
    if name != "none":
        assert {"clips", "filter", "shown"} <= set(ids)
    assert ("distributions" in ids) == (name in ("many", "hostile", "not measured"))


@every_run
def test_nothing_of_python_shows(name: str) -> None:
    text = Parsed(page_of(name)).text
    assert not re.search(
        r"\b(None(?! of the)|nan|NaN|inf|Undefined)\b|\{\{|\{%", re.sub(r"<!--<script>\{\{.*?mp4", "", text)
    )


def test_names_from_recordings_are_text() -> None:
    run = run_of("hostile")
    parsed = Parsed(page_of("hostile"))
    names = [clip["clip"] for clip in rows(run.clips)]
    assert set(HOSTILE) <= set(names)
    shown = [text for _, attributes, text in parsed.cells if attributes["data-column"] == "clip"]
    assert sorted(shown) == sorted(names)
    assert parsed.json("data")["clips"]["clip"] == names
    assert "<img src=x" not in page_of("hostile")
    assert html.escape(HOSTILE[0]) in page_of("hostile")


EVIL = "</script><script>alert(1)</script><img src=x onerror=alert(1)>'\"\u2028<!--"


@pytest.mark.parametrize("column", [name for name, dtype in CLIP_COLUMNS.items() if dtype == "string"])
def test_no_text_of_a_clip_becomes_markup(column: str) -> None:
    given = {"clip": "a", "status": "done", column: EVIL}
    made = page(tables([given]))
    made.encode()
    assert len(Parsed(made).scripts()) == 2
    assert "<img" not in made
    if column not in ("key", "settings", "versions"):
        assert Parsed(made).json("data")["clips"][column] == [EVIL]


def test_no_text_of_a_chunk_becomes_markup() -> None:
    chunk = {"clip": "a", "chunk": 0, "node": EVIL, "actor": EVIL, "errors": EVIL}
    clips = table([{"clip": "a", "status": "done"}], CLIP_COLUMNS)
    made = page(replace(tables([]), clips=clips, chunks=table([chunk], CHUNK_COLUMNS)))
    assert len(Parsed(made).scripts()) == 2
    assert Parsed(made).json("data")["chunks"][0]["node"] == [EVIL]


@pytest.mark.parametrize("value", [EVIL, [math.nan, math.inf, 0.1, None], {"<": "&"}, "\u2028\u2029"])
def test_json_in_a_script_holds_no_markup_and_reads_back(value: Any) -> None:
    text = str(script_json(value))
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text) == ([None, None, 0.1, None] if isinstance(value, list) else value)


# ---- Summary and order ----


@every_run
def test_the_headline_counts_what_the_tables_hold(name: str) -> None:
    clips, chunks = rows(run_of(name).clips), rows(run_of(name).chunks)
    summed = headline(figures_of(run_of(name).tables[0]), run_of(name).tables[1])
    assert sum(summed.counts.values()) == summed.total == len(clips)
    assert summed.frames == sum(clip["frames"] or 0 for clip in clips)
    assert summed.lost == sum(clip["frames_lost"] or 0 for clip in clips)
    text = " ".join(Parsed(page_of(name)).text.split())
    assert summed.title in text
    assert summed.lead in text
    if summed.gain:
        gains = [c["ssim_ref_after"] - c["ssim_ref_before"] for c in clips if c["ssim_ref_after"] is not None]
        assert summed.gain.mean == pytest.approx(np.mean(gains))
        assert summed.gain.deviation == pytest.approx(np.std(gains, ddof=1))
        assert f"{np.mean(gains):+.4f} SSIM" in text
    if summed.speed:
        walls = sum(chunk["wall_s"] for chunk in chunks)
        assert walls / 4 < summed.speed.busy_s < walls
        assert summed.speed.fps == pytest.approx(summed.frames / summed.speed.busy_s)


@every_run
def test_failures_come_with_their_sentences_and_what_to_do(name: str) -> None:
    text = " ".join(Parsed(page_of(name)).text.split())
    errors = [clip["error"] for clip in rows(run_of(name).clips) if clip["status"] == "failed"]
    for error in errors:
        assert " ".join(error.split()) in text
    assert ("run the same command again" in text) == bool(errors)


def test_the_worst_comes_first() -> None:
    told = [
        {"clip": "best", "status": "done", "ssim_ref_before": 0.90, "ssim_ref_after": 0.95},
        {"clip": "unknown", "status": "skipped"},
        {"clip": "worse", "status": "done", "ssim_ref_before": 0.90, "ssim_ref_after": 0.89},
        {"clip": "few", "status": "done", "frames_lost": 1},
        {"clip": "many", "status": "done", "frames_lost": 9, "ssim_ref_before": 0.90, "ssim_ref_after": 0.99},
        {"clip": "failed", "status": "failed"},
        {"clip": "moved", "status": "done", "ssim_input": 0.7},
        {"clip": "stayed", "status": "done", "ssim_input": 0.9},
    ]
    clips = rows(table(told, CLIP_COLUMNS))
    names = ["failed", "many", "few", "worse", "best", "moved", "stayed", "unknown"]
    assert [told[i]["clip"] for i in worst_first(clips)] == names
    made = page(tables(told))
    cells = Parsed(made).cells
    assert [attributes["data-value"] for _, attributes, _ in cells if attributes["data-column"] == "clip"] == names


# ---- Size ----


@pytest.mark.parametrize("failed", [0, 40, 700])
def test_failures_are_shown_first_and_the_rest_is_counted(failed: int) -> None:
    clips = [{"clip": f"{i:04}.mp4", "status": "failed" if i % 3 == 1 and i < 3 * failed else "done", "error": "no",
              "frames": 1, "ssim_input": 0.9} for i in range(2200)]  # fmt: skip
    parsed = Parsed(page(tables(clips)))
    cells = [attributes["data-value"] for _, attributes, _ in parsed.cells if attributes["data-column"] == "status"]
    assert cells == ["failed"] * min(failed, SHOWN_MAX) + ["done"] * max(0, SHOWN_MAX - failed)
    text = " ".join(parsed.text.split())
    assert (f"{failed} clips failed" in text) == bool(failed)
    assert ("200 more clips are in the tables" in text) == (failed == 700)


def test_chunks_of_the_clips_to_look_at_first_are_there_and_the_others_counted() -> None:
    run = sample_run(12, failed=0)
    counts = Counter(run.chunks["clip"].to_list())
    order = sorted(counts)
    taken, left_out = chunks_that_fit(order, run.tables[1], most=counts[order[0]] + counts[order[1]])
    assert {row["clip"] for row in taken} | set(left_out) == set(order)
    assert {*order[:2]} <= {row["clip"] for row in taken}
    assert left_out
    alone, _ = chunks_that_fit(order, run.tables[1], most=1)
    assert [row["clip"] for row in alone] == [order[0]] * counts[order[0]]


@pytest.mark.parametrize("reference", [False, True])
def test_a_hundred_clips_fit_into_a_mail_and_most_keep_their_spot(reference: bool) -> None:
    run = sample_run(100, reference=reference, samples=300)
    made = page(run)
    assert len(made.encode()) < 5_000_000
    levels = Parsed(made).json("data")["pictures"]
    assert levels.count("none") < len(run.previews) / 4
    left_out = len(run.previews) - sum(f'id="preview-{i}"' in made for i in range(100))
    assert levels.count("none") == left_out
    if left_out:
        assert f"{left_out} clip" in Parsed(made).text
        assert "report/previews/" in Parsed(made).text


def test_a_dozen_clips_keep_all_their_pictures() -> None:
    made = page_of("many")
    for i, clip in enumerate(rows(run_of("many").clips)):
        if clip["clip"] in run_of("many").previews:
            assert Parsed(made).json(f"preview-{i}") == json.loads(run_of("many").previews[clip["clip"]])
    assert "report/previews/" not in Parsed(made).text


def test_of_a_thousand_clips_the_worst_are_shown_and_all_are_counted() -> None:
    run = sample_run(1000, pictures=False, samples=20, reference=True)
    parsed, clips = Parsed(page(run)), rows(run.clips)
    names = [attributes["data-value"] for _, attributes, _ in parsed.cells if attributes["data-column"] == "clip"]
    assert names == [clips[i]["clip"] for i in worst_first(clips)][:SHOWN_MAX]
    text = " ".join(parsed.text.split())
    assert f"The {SHOWN_MAX} clips to look at first, of 1,000." in text
    assert headline(figures_of(run.tables[0]), run.tables[1]).total == 1000
    data = parsed.json("data")
    gains = [c["ssim_ref_after"] - c["ssim_ref_before"] for c in clips if c["ssim_ref_after"] is not None]
    assert sum(data["histograms"]["ssim_gain"]["counts"]) == len(data["scatter"]["points"]) == len(gains)
    shown = [point for point in data["scatter"]["points"] if point[2] is not None]
    assert 0 < len(shown) < SHOWN_MAX
    by_name = {clip["clip"]: clip for clip in clips}
    for cost, gain, index in shown:
        clip = by_name[data["clips"]["clip"][index]]
        assert gain == pytest.approx(clip["ssim_ref_after"] - clip["ssim_ref_before"], rel=1e-4)
        assert cost == pytest.approx(60 * clip["source_fps"] / clip["fps"], rel=1e-4)
    assert len(page(run).encode()) < 5_000_000


@pytest.mark.parametrize("room", [0, 500, 3_000, 12_000, 40_000, 10**9])
def test_pictures_keep_to_their_room_and_first_come_those_of_most_interest(room: int) -> None:
    whole, spot = PICTURE + "A" * 3000, PICTURE + "A" * 900
    pictures = {"before": whole, "after": whole, "spot_before": spot, "spot_after": spot, "spot_reference": spot}
    one = {"frame": 1, "time_s": 0.1, "width": 9, "height": 9, "spot": [0, 0, 4, 4], "pictures": pictures}
    fitted = fitting([one] * 5, room)
    assert sum(len(preview.json) for preview in fitted) <= room
    ranks = [list(LEVELS).index(preview.level) for preview in fitted]
    assert ranks == sorted(ranks, reverse=True)
    assert max(ranks) <= 1 or min(ranks) >= 1, "no clip has more than its spot while another has nothing"
    for preview in fitted:
        shown = set(json.loads(preview.json)["pictures"]) if preview.json else set()
        assert shown == set(LEVELS[preview.level])


def test_no_more_previews_are_read_than_there_is_room_for() -> None:
    spot = PICTURE + "A" * 900
    pictures = {"spot_before": spot, "spot_after": spot}
    text = json.dumps({"frame": 1, "time_s": 0.1, "width": 9, "height": 9, "spot": [0, 0, 4, 4], "pictures": pictures})

    class Counting(dict[str, str]):
        read = 0

        def __getitem__(self, clip: str) -> str:
            self.read += 1
            return super().__getitem__(clip)

    names = [f"{number}.mp4" for number in range(1000)]
    previews = Counting({name: "not sound" if name == "0.mp4" else text for name in names if name != "1.mp4"})
    fitted = first_that_fit(names, previews, 10_000)
    assert previews.read < 10
    assert "0.mp4" not in fitted
    assert "1.mp4" not in fitted
    shown = [fitted[name].level != "none" for name in names[2:]]
    assert shown == sorted(shown, reverse=True), "the first get the room"
    assert 3 <= sum(shown) <= previews.read


def test_pictures_yield_to_what_else_is_on_the_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_module, "PAGE_MAX_BYTES", 800_000)
    monkeypatch.setattr(page_module, "PICTURES_MIN_CHARS", 0)
    assert len(page(run_of("many")).encode()) < 805_000


SOUND = {
    "frame": 3, "time_s": 0.12, "width": 960, "height": 540, "spot": [0, 0, 480, 270],
    "pictures": {"before": PICTURE, "after": PICTURE, "spot_before": PICTURE, "spot_after": PICTURE},
}  # fmt: skip


@pytest.mark.parametrize(
    "change",
    [
        {"pictures": {**SOUND["pictures"], "after": "https://example.org/x.webp"}},
        {"pictures": {**SOUND["pictures"], "after": "data:image/svg+xml;base64,AAAA"}},
        {"pictures": {**SOUND["pictures"], "after": 'data:image/webp;base64,AA"><script>'}},
        {"pictures": {**SOUND["pictures"], "after": PICTURE + "\n"}},
        {"pictures": {**SOUND["pictures"], "after": None}},
        {"pictures": {"before": PICTURE, "after": PICTURE}},
        {"pictures": []},
        {"spot": [0, 0, 480]},
        {"spot": "0000"},
        {"spot": [0, 0, "<b>", 1]},
        {"width": 0},
        {"time_s": float("nan")},
        {"frame": "1"},
    ],
)
def test_a_preview_that_is_not_sound_is_left_out(change: dict[str, Any]) -> None:
    assert sound_preview(json.dumps(SOUND)) == SOUND
    assert sound_preview(json.dumps({**SOUND, **change})) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "7", '"a"'])
def test_a_preview_that_is_no_object_is_left_out(text: str) -> None:
    assert sound_preview(text) is None


# ---- Series ----


@pytest.mark.parametrize("length", [0, 1, 5, 199, 200, 201, 1000, 12_345])
def test_bins_hold_all_frames_and_are_few(length: int) -> None:
    rng = np.random.default_rng(length)
    values = np.where(rng.random(length) < 0.2, np.nan, rng.normal(size=length))
    means, size = binned({"time": np.arange(length, dtype=float), "value": values}, POINTS)
    assert len(means["time"]) == len(means["value"]) == math.ceil(length / size) <= POINTS
    for k, mean in enumerate(means["value"]):
        part = values[k * size : (k + 1) * size]
        known = part[~np.isnan(part)]
        assert mean == pytest.approx(known.mean()) if len(known) else mean is None
    assert means["time"] == sorted(means["time"], key=lambda time: time or 0)


def test_many_frames_are_binned_and_the_page_knows() -> None:
    run = sample_run(1, samples=100_000)
    series = Parsed(page(run)).json("data")["frames"][0]
    assert len(series["time_s"]) <= POINTS
    assert series["frames"] == len(run.frames) > POINTS
    assert series["size"] == math.ceil(len(run.frames) / POINTS)


def test_a_clips_frames_need_not_come_in_order() -> None:
    run = sample_run(2, failed=0)
    mixed = replace(run, frames=run.frames.sample(frac=1, random_state=1).sort_values("clip", kind="stable"))
    assert Parsed(page(mixed)).json("data")["frames"] == Parsed(page(run)).json("data")["frames"]


@pytest.mark.parametrize("seed", range(20))
def test_a_histogram_counts_every_value_once_between_rising_edges(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = (rng.normal(rng.normal(0, 10), 10.0 ** rng.integers(-4, 4), rng.integers(1, 300))).tolist()
    made = histogram(values)
    assert sum(made.counts) == len(values)
    assert len(made.edges) == len(made.counts) + 1
    assert list(made.edges) == sorted(set(made.edges))
    assert made.edges[0] <= min(values) <= max(values) <= made.edges[-1]
    assert len(made.counts) <= 32


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e-9, 1e9])
def test_equal_values_make_a_histogram(value: float) -> None:
    assert sum(histogram([value] * 4).counts) == 4


def test_work_side_by_side_counts_once_and_pauses_do_not_count() -> None:
    assert busy_s((np.array([0, 2, 1, 10]), np.array([4, 6, 3, 11]))) == 7
    assert busy_s((np.zeros(0), np.zeros(0))) == 0


@pytest.mark.parametrize("seed", range(20))
def test_work_taken_bit_by_bit_is_as_much(seed: int) -> None:
    rng = np.random.default_rng(seed)
    begins = rng.integers(0, 60, 30).astype(float)
    ends = begins + rng.integers(0, 5, 30)
    spans = (np.zeros(0), np.zeros(0))
    for at in np.array_split(np.arange(30), 7):
        spans = busy_spans((np.append(spans[0], begins[at]), np.append(spans[1], ends[at])))
    instants = np.arange(0, 70, 0.5) + 0.25
    busy = ((begins <= instants[:, None]) & (instants[:, None] < ends)).any(axis=1)
    assert busy_s(spans) == busy.sum() / 2


def test_long_pauses_are_cut_and_all_else_keeps_its_place() -> None:
    offsets, cut = without_pauses([(1000, 1010), (1000.5, 1012), (1012.5, 1020), (90_000, 90_010)])
    assert offsets == pytest.approx([0, 0.5, 12.5, 22.95])
    assert cut == pytest.approx(90_000 - 1020 - 2.95)
    assert without_pauses([]) == ([], 0)
