"""What a run measures: the figures of tables and page, with and without sharp originals."""

import json
import logging
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from skimage.metrics import structural_similarity
from vidsharp.jobs import ReportConfig, process, report
from vidsharp.reports.run.tables import FRAME_COLUMNS

from tests.support import media, runs

pytestmark = pytest.mark.usefixtures("shared_ray")

SMALL: dict[str, Any] = {"size": runs.SIZE, "frames": 60, "gop": 15}


class Cells(HTMLParser):
    """The raw values of a page's clip table, by clip and column."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.rows: list[dict[str, str]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        facts = dict(attrs)
        if tag == "tr" and "data-clip-index" in facts:
            self.rows.append({"index": facts["data-clip-index"] or ""})
        elif tag == "td" and "data-column" in facts and "data-value" in facts:
            self.rows[-1][facts["data-column"] or ""] = facts["data-value"] or ""


@pytest.fixture(scope="module")
def out(shared_ray: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four soft recordings, two with an original in another container's clock, one with a wrong one, one without."""
    root = tmp_path_factory.mktemp("measured")
    soft: dict[str, Any] = {**SMALL, "options": {"crf": "35"}}
    for name in ("a.mp4", "deep/b.mp4", "wrong.mp4", "alone.mp4"):
        (root / "calls" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "sharp" / name).parent.mkdir(parents=True, exist_ok=True)
        media.call(root / "calls" / name, **soft)
        if name != "alone.mp4":
            media.call(root / "sharp" / name, **SMALL, bframes=2)
    media.call(root / "sharp" / "wrong.mp4", **{**SMALL, "frames": 59})
    process(runs.config(root / "calls", root / "out", reference=root / "sharp", measure=7, strength=0))
    return root / "out"


def test_ssim_is_scikit_images_on_the_same_frames(out: Path) -> None:
    """At strength 0 the output is the input, which anyone can decode."""
    frames = runs.table(out, "frames")
    soft = list(media.decoded_planes(out.parent / "calls" / "a.mp4"))
    sharp = list(media.decoded_planes(out.parent / "sharp" / "a.mp4"))
    rows = frames.loc["a.mp4"]
    assert len(rows) == 7
    for row in rows.to_dict("records"):
        n = row["frame"]
        expected = structural_similarity(
            soft[n][0], sharp[n][0],
            data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
        )  # fmt: skip
        assert row["ssim_ref_before"] == pytest.approx(expected, abs=1e-6)
        assert row["ssim_ref_after"] == row["ssim_ref_before"] < 1
        assert (row["ssim_input"], row["psnr_input"]) == (1, 60)
        assert row["time_s"] == pytest.approx(n / 30)


def test_clips_are_means_of_their_frames(out: Path) -> None:
    clips, frames = runs.table(out), runs.table(out, "frames")
    assert list(clips.index) == ["a.mp4", "alone.mp4", "deep/b.mp4", "wrong.mp4"]
    for name in ("a.mp4", "deep/b.mp4", "alone.mp4"):
        row, own = clips.loc[name], frames.loc[name]
        assert row["measured"] == len(own) == 7
        for column in ("ssim_input", "sharpness_before", "sharpness_after", "ssim_ref_before", "psnr_ref_after"):
            if name == "alone.mp4" and "ref" in column:
                assert own[column].isna().all()
                assert pd.isna(row[column])
            else:
                assert row[column] == pytest.approx(own[column].mean())
        assert row["flicker_before"] == pytest.approx(own["change_before"].mean())
        assert row["flicker_before"] > 0
        assert row["measure_s"] > 0
        assert json.loads(row["settings"])["measure"] == 7
        assert "vidsharp" in json.loads(row["versions"])
    assert "holds nothing at its path" in clips.loc["alone.mp4", "note"]
    assert clips.loc["a.mp4", "flicker_ref"] > 0


def test_a_wrong_original_is_said_and_stops_no_other_clip(out: Path) -> None:
    row = runs.table(out).loc["wrong.mp4"]
    assert row["status"] == "failed"
    assert "it has 59 pictures, and the recording 60" in row["error"]
    assert not (out / "wrong.mp4").exists()


def test_the_frames_table_has_all_types(out: Path) -> None:
    read: Any = pd.read_parquet(out / "report" / "frames.parquet")
    assert {name: str(dtype) for name, dtype in read.dtypes.items()} == dict(FRAME_COLUMNS)


def test_the_page_shows_the_tables_figures(out: Path) -> None:
    clips: Any = pd.read_parquet(out / "report" / "clips.parquet")
    cells = Cells((out / "report" / "index.html").read_text()).rows
    assert len(cells) == len(clips)
    compared = 0
    for row in cells:
        record = clips.iloc[int(row.pop("index"))]
        for column, value in row.items():
            if column in record.index:
                assert type(record[column])(value) == record[column], column
                compared += 1
    assert compared > 20


def test_the_page_made_again_differs_in_its_date_alone(out: Path) -> None:
    path = out / "report" / "index.html"
    before = path.read_text()
    path.unlink()
    assert report(ReportConfig(out)).page == path
    date = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC")
    assert date.search(before)
    assert date.sub("", path.read_text()) == date.sub("", before)
    assert before.count("data:image/webp") >= 3 * 4, "a preview for each finished clip, kept beside the tables"


@pytest.mark.parametrize(("measure", "frames"), [("every", 60), (3, 3), (500, 60), ("auto", 3), ("off", 0)])
def test_as_many_frames_as_asked_for(tmp_path: Path, measure: Any, frames: int) -> None:
    runs.clip(tmp_path / "calls" / "a.mp4")
    process(runs.config(tmp_path / "calls", tmp_path / "out", measure=measure, page=frames == 60))
    own = runs.table(tmp_path / "out", "frames")
    assert len(own) == frames
    assert sorted(set(own["frame"])) == list(own["frame"])
    row = runs.table(tmp_path / "out").iloc[0]
    made = {path.name for path in (tmp_path / "out" / "report").iterdir()}
    assert ({"index.html", "previews"} <= made) == (frames == 60)
    if frames:
        assert 0 <= own["frame"].min() <= own["frame"].max() < 60
        assert row["measured"] == frames
        assert 0.5 < row["ssim_input"] < 1
    else:
        assert pd.isna(row["measured"])
        assert pd.isna(row["ssim_input"])
        assert pd.isna(row["measure_s"])


def test_clips_that_were_finished_without_a_reference_are_pointed_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    runs.clip(tmp_path / "calls" / "a.mp4")
    runs.clip(tmp_path / "sharp" / "a.mp4")
    process(runs.config(tmp_path / "calls", tmp_path / "out"))
    logging.getLogger("vidsharp").propagate = True
    with caplog.at_level(logging.WARNING):
        (row,) = process(runs.config(tmp_path / "calls", tmp_path / "out", reference=tmp_path / "sharp")).rows
    assert row["status"] == "skipped"
    assert "1 clip was finished without a reference; --overwrite does them again" in caplog.text
    again = runs.config(tmp_path / "calls", tmp_path / "out", reference=tmp_path / "sharp", overwrite=True)
    (row,) = process(again).rows
    assert row["ssim_ref_after"] is not None
