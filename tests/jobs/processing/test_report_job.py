"""The report is made again from what lies in its folder, and from nothing else."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from click.testing import CliRunner
from pyarrow import parquet
from vidsharp.jobs import ReportConfig, report
from vidsharp.jobs.cli.main import main
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.files.report_folder import ClipRows, ReportFolder
from vidsharp.pipeline.errors import OutputError


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """The output folder of a run of two clips."""
    folder = ReportFolder(tmp_path / "out" / "report")
    good = {"clip": "<b>good.mp4", "status": "done", "frames": 30, "frames_lost": 0, "ssim_input": 0.98765}
    bad = {"clip": "bad.mp4", "status": "failed", "error": "bad.mp4 is empty (0 bytes)"}
    frames = [{"clip": "<b>good.mp4", "frame": n, "time_s": n / 30, "ssim_input": 0.98 + n / 1000} for n in (3, 17)]
    folder.add([ClipRows(good, [{"clip": "<b>good.mp4", "chunk": 0}], frames), ClipRows(bad)])
    return tmp_path / "out"


@pytest.mark.parametrize("place", ["", "report"])
def test_the_page_from_the_output_folder_or_its_report(out: Path, place: str) -> None:
    result = report(ReportConfig(out / place))
    assert result.page == out / "report" / "index.html"
    page = (out / "report" / "index.html").read_text()
    assert "bad.mp4 is empty (0 bytes)" in page
    assert "&lt;b&gt;good.mp4" in page
    assert "<b>good" not in page
    assert 'data-value="0.98765"' in page


def test_text_is_written_nowhere(out: Path) -> None:
    before = {path.name for path in (out / "report").iterdir()}
    markdown = report(ReportConfig(out, "md"))
    assert markdown.page is None
    assert markdown.text is not None
    assert "| bad.mp4" in markdown.text
    assert {path.name for path in (out / "report").iterdir()} == before


def test_the_command(out: Path) -> None:
    ended = CliRunner().invoke(main, ["report", str(out)])
    assert (ended.exit_code, ended.stdout) == (0, f"report: {out / 'report' / 'index.html'}\n")
    ended = CliRunner().invoke(main, ["report", str(out), "--json"])
    assert [row["clip"] for row in json.loads(ended.stdout)["result"]["clips"]] == ["bad.mp4", "<b>good.mp4"]


def test_the_parts_are_joined_when_asked(out: Path) -> None:
    again = {"clip": "bad.mp4", "status": "done", "frames": 7}
    ReportFolder(out / "report").add([ClipRows(again, [{"clip": "bad.mp4", "chunk": 0}])])
    assert len(list((out / "report" / "clips").iterdir())) == 2
    ended = CliRunner().invoke(main, ["report", str(out), "--compact"])
    assert (ended.exit_code, ended.stdout) == (0, f"report: {out / 'report' / 'index.html'}\n")
    (part,) = (out / "report" / "clips").iterdir()
    assert parquet.read_table(part, columns=["clip", "frames"]).to_pylist() == [
        {"clip": "<b>good.mp4", "frames": 30}, {"clip": "bad.mp4", "frames": 7}
    ]  # fmt: skip
    assert len((out / "report" / "clips.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_the_tables_as_one_file_each(out: Path, kind: str) -> None:
    ended = CliRunner().invoke(main, ["report", str(out), "--format", kind])
    files = [out / "report" / f"{name}.{kind}" for name in ("clips", "chunks", "frames")]
    assert (ended.exit_code, ended.stdout.splitlines()) == (0, [str(file) for file in files])
    assert {path.name for path in (out / "report").glob("*.*")} == {file.name for file in files}
    read: Any = pd.read_csv(files[0]) if kind == "csv" else pd.read_parquet(files[0])
    assert read["clip"].to_list() == ["<b>good.mp4", "bad.mp4"]


def test_it_is_opened_in_the_browser(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr("webbrowser.open", lambda url: opened.append(url) or True)
    assert CliRunner().invoke(main, ["report", str(out), "--open"]).exit_code == 0
    assert opened == [(out / "report" / "index.html").as_uri()]
    monkeypatch.setattr("webbrowser.open", lambda url: False)
    ended = CliRunner().invoke(main, ["report", str(out), "--open"])
    assert ended.exit_code == 2
    assert "no browser was found" in ended.stderr
    ended = CliRunner().invoke(main, ["report", str(out), "--open", "--format", "md"])
    assert ended.exit_code == 2
    assert "only --format html" in ended.stderr


def test_a_folder_without_tables_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"holds no report/clips; name the folder that was the --out"):
        report(ReportConfig(tmp_path))


def test_a_page_that_cannot_be_written(out: Path) -> None:
    (out / "report" / "index.html").mkdir()
    with pytest.raises(OutputError, match=r"index\.html cannot be written"):
        report(ReportConfig(out))
