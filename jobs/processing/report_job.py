"""The report of an output folder, made again from its tables and previews, without touching any recording."""

from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Literal

from ...reports.run.data_set import read_again
from ...reports.run.quality_page import quality_page
from ...reports.run.run_table import run_json, run_markdown
from ..config import UsageError
from ..files.clips import REPORT_FOLDER
from ..files.report_folder import TABLE_COLUMNS, ReportFolder
from ..files.report_guard import holds_our_clips


@dataclass(frozen=True)
class ReportConfig:
    """Everything `vidsharp report` takes; the defaults are the command's."""

    folder: Path
    """The output folder of `vidsharp process`, or its report folder."""
    format: Literal["html", "md", "json", "csv", "parquet"] = "html"
    """`html` writes the page; `csv` and `parquet` write each table as one file, whatever its size; the others are text,
    and written nowhere."""
    compact: bool = False
    """Joins the tables' parts first, and leaves out rows that later runs have replaced."""


@dataclass(frozen=True)
class ReportResult:
    """The report that was made."""

    page: Path | None
    """The page, where that was asked for."""
    text: str | None
    """The report as Markdown or JSON, where that was asked for."""
    files: tuple[Path, ...] = ()
    """The tables as files, where that was asked for."""


def report(config: ReportConfig) -> ReportResult:
    """Makes the report again.

    Raises:
        UsageError: there are no tables.
        OutputError: the page or a table cannot be written.
    """
    places = (config.folder / REPORT_FOLDER, config.folder)
    found = next((place for place in places if holds_our_clips(place)), None)
    if found is None:
        raise UsageError(
            f"{config.folder} holds no report/clips; name the folder that was the --out of vidsharp process"
        )
    folder = ReportFolder(found)
    if config.compact:
        folder.compact()
        folder.write_single_files()
    return read_again(lambda: _made(folder, config))


def _made(folder: ReportFolder, config: ReportConfig) -> ReportResult:
    if config.format == "html":
        return ReportResult(write_page(folder), None)
    if config.format in ("csv", "parquet"):
        folder.write_single_files([config.format], most_rows=None)
        files = (folder.folder / f"{name}.{config.format}" for name in TABLE_COLUMNS)
        return ReportResult(None, None, tuple(file for file in files if file.is_file()))
    as_text = run_markdown if config.format == "md" else run_json
    return ReportResult(None, as_text(folder.table("clips"), folder.table("chunks")))


def write_page(folder: ReportFolder) -> Path:
    """Writes the page of what the folder's tables hold now, and returns its path."""
    about = {"made": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, vidsharp {version('vidsharp')}"}

    def page() -> str:
        clips, chunks, frames = map(folder.table, TABLE_COLUMNS)
        return quality_page(clips, chunks, frames, folder.previews, about)

    return folder.write_page(read_again(page))
