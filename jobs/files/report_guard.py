"""Keeps what people have put into a folder called `report` from being replaced by a run's tables and page."""

from collections.abc import Iterable
from pathlib import Path

from ...reports.run.parts import parts_in
from ..config import UsageError
from ..processing.run_record import RECORD, earlier_runs

TABLES = ("clips", "chunks", "frames")
_OUR_COLUMNS = {"clip", "status"}


def check_report(folder: Path, names: Iterable[str], shown: str) -> None:
    """Checks that a report may be written: no file has one of its names, or the folder is a run's.

    What says so is the record of its runs (`run.json`), which is written first of all, or the table of its clips.

    Args:
        folder: the report folder here.
        names: of the files in it, or where it is copied to.
        shown: where people find it.

    Raises:
        UsageError: files of other makers would be replaced.
    """
    written = {"index.html", RECORD, *(f"{name}.{form}" for name in TABLES for form in ("csv", "parquet"))}
    taken = sorted(written.intersection(names))
    if taken and not (earlier_runs(folder / RECORD) or holds_our_clips(folder)):
        raise UsageError(
            f"{shown}/{taken[0]} is there already, and no run of vidsharp made it; choose another --out, or add "
            "--overwrite to replace it"
        )


def files_in(folder: Path) -> list[str]:
    """The names of files in a folder that may not be there. Links are left out: in replacing one, nothing is lost."""
    return [path.name for path in folder.glob("*") if path.is_file() and not path.is_symlink()]


def holds_our_clips(folder: Path) -> bool:
    """Whether a report folder has a `clips` table."""
    return any(map(_is_ours, [*parts_in(folder / "clips")[:1], folder / "clips.parquet"]))


def _is_ours(table: Path) -> bool:
    if not table.is_file():
        return False
    from pyarrow import ArrowException, parquet  # for a new folder, nobody waits for it

    try:
        return set(parquet.read_schema(table).names) >= _OUR_COLUMNS
    except (OSError, ArrowException):
        return False
