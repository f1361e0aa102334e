"""The report on disk, written atomically. Rows of finished clips wait in their workspace until the tables have them."""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from ...pipeline.atomic import make_folder, remove_leftovers, write_atomically
from ...pipeline.workspace import Workspace
from ...reports.run.parts import SHEET_ROWS, WRITTEN_AT, Kind, parts_in, write_new_part, write_part
from ...reports.run.tables import CHUNK_COLUMNS, CLIP_COLUMNS, FRAME_COLUMNS, arrow_rows, check_columns
from .output_paths import path_below
from .previews import PREVIEWS, preview_path

if TYPE_CHECKING:  # who only keeps rows, as workers do, does not wait for Arrow and pandas
    from ...reports.run.data_set import DataSet
    from ...reports.run.page_previews import Previews

Row = dict[str, Any]

TABLE_COLUMNS = {"clips": CLIP_COLUMNS, "chunks": CHUNK_COLUMNS, "frames": FRAME_COLUMNS}
"""The columns of each table, by its name."""


@dataclass(frozen=True)
class ClipRows:
    """The rows that the tables get of one clip at its end.

    Raises:
        ValueError: a row has a column that its table has not.
    """

    clip: Row
    chunks: Sequence[Row] = field(default_factory=list)
    frames: Sequence[Row] = field(default_factory=list)

    def __post_init__(self) -> None:
        check_columns([self.clip], CLIP_COLUMNS)
        check_columns(self.chunks, CHUNK_COLUMNS)
        check_columns(self.frames, FRAME_COLUMNS)


class ReportFolder:
    """The folder `report/` of an output folder, with the tables and previews of all runs into it.

    Several runs may write to it at once: none changes a file of another.

    Raises (all methods):
        OutputError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for written_to in (folder, folder / PREVIEWS):
            remove_leftovers(written_to)
        self._last = 0.0
        self._changed: dict[Path, None] = {}

    def table(self, name: str) -> "DataSet":
        """The table `clips`, `chunks` or `frames` as it is now."""
        from ...reports.run.data_set import DataSet

        return DataSet(self.folder / name, TABLE_COLUMNS[name])

    def earlier(self) -> Mapping[str, Row]:
        """The rows of earlier runs, by clip, read when they are asked for. A result that would lie outside the output
        folder is none of ours."""
        if not self._has_clips():
            return {}  # at once: a first run does not wait for Arrow
        from ...reports.run.rows_by_clip import RowsByClip

        return _Earlier(self.folder.parent, RowsByClip(lambda: self.table("clips")))

    def renamed(self) -> dict[str, str]:
        """The results of earlier runs that have other names than their recordings: each name, and the clip's."""
        if not self._has_clips():
            return {}
        from ...reports.run.data_set import read_again

        return read_again(lambda: dict(self._renamed()))

    def _has_clips(self) -> bool:
        return bool(parts_in(self.folder / "clips")) or (self.folder / "clips.parquet").is_file()

    def _renamed(self) -> Iterator[tuple[str, str]]:
        from ...reports.run.data_set import pc

        for rows in self.table("clips").batches(["clip", "out"]):
            other = rows.filter(pc.not_equal(rows["clip"], rows["out"]))
            for clip, out in zip(other["clip"].to_pylist(), other["out"].to_pylist(), strict=True):
                if path_below(self.folder.parent, out) is not None:
                    yield out, clip

    def add(self, ended: Sequence[ClipRows]) -> None:
        """Writes these clips' rows, which count in place of older ones. A clip that brings no rows of chunks or of
        frames keeps the older ones."""
        if not ended:
            return
        make_folder(self.folder)
        if not self._last:
            for name in TABLE_COLUMNS:
                self._carry_over(name)
        # A clock that was set back, or two writes in one of its ticks: later rows are later ones all the same.
        self._last = at = max(time.time(), self._last + 1e-6)
        brought: dict[str, list[Row]] = {
            "frames": [row for clip in ended for row in clip.frames],
            "chunks": [row for clip in ended for row in clip.chunks],
            "clips": [clip.clip for clip in ended],
        }
        for name, rows in brought.items():  # the clips last: they say that all of it is there
            if rows:
                part = arrow_rows(rows, TABLE_COLUMNS[name], **{WRITTEN_AT: at})
                self._note(write_part(self.folder / name, part))

    def compact(self) -> None:
        """Joins the tables' small parts. One run does it at a time; others pass on."""
        if not self.folder.is_dir():
            return
        from ...reports.run.compaction import PART_ROWS, compact
        from ...reports.run.data_set import read_again

        with suppress(Timeout), FileLock(self.folder / ".compacting", timeout=0):
            for name, columns in TABLE_COLUMNS.items():
                before = parts_in(self.folder / name)
                read_again(lambda name=name, columns=columns: compact(self.folder / name, columns, PART_ROWS[name]))
                # Where they are saved one by one, too, no row is gone before it is elsewhere.
                self._note(*parts_in(self.folder / name), *before)
            with suppress(OSError):
                (self.folder / ".compacting").unlink()

    def write_single_files(
        self, kinds: Sequence[Kind] = ("csv", "parquet"), most_rows: int | None = SHEET_ROWS
    ) -> None:
        """Writes each table as a file of its own, in those of `kinds`. A larger table than `most_rows` gets none, and
        an older one goes, since it would no longer be true."""
        if not self.table("clips").paths:
            return
        from ...reports.run.data_set import read_again

        for name in TABLE_COLUMNS:
            read_again(lambda name=name: self._write_single(name, kinds, most_rows))

    def _write_single(self, name: str, kinds: Sequence[Kind], most_rows: int | None) -> None:
        from ...reports.run.single_files import write_single

        data = self.table(name)
        if data.paths and not data.parts:
            return  # rather an older file than an empty one: the log names what cannot be read
        fits = most_rows is None or data.rows <= most_rows
        for kind in kinds:
            path = self.folder / f"{name}.{kind}"
            if path in data.paths:
                continue  # an earlier version wrote the table so
            if fits:
                write_single(data, path, kind)
            else:
                path.unlink(missing_ok=True)
            self._note(path)

    def changed(self) -> list[Path]:
        """The files that were written or removed since this was last asked, without previews."""
        changed, self._changed = self._changed, {}
        return [*changed]

    def write_page(self, page: str) -> Path:
        """Writes the report's page."""
        path = self.folder / "index.html"
        make_folder(self.folder)
        write_atomically(path, page.encode("utf-8", "backslashreplace"))
        self._note(path)
        return path

    @property
    def previews(self) -> "Previews":
        """The previews (JSON, see `preview_json`) by clip; each is looked for when it is asked for."""
        return _Previews(self.folder)

    def _note(self, *paths: Path) -> None:
        self._changed.update(dict.fromkeys(paths))

    def _carry_over(self, name: str) -> None:
        """Makes the table that an earlier version wrote as one file the first part of the data set."""
        from ...reports.run.data_set import PartGone

        data, path = self.table(name), self.folder / name / f"part-{0:020d}-carried.parquet"
        with suppress(FileNotFoundError, PartGone):  # another run has carried it over, and written it anew
            if data.paths == [data.whole] and data.parts:
                write_new_part(path, data.whole.read_bytes())
                self._note(path)


class _Earlier(Mapping[str, Row]):
    """Rows of earlier runs, whose results lie in the output folder."""

    def __init__(self, out: Path, rows: Mapping[str, Row]) -> None:
        self._out = out
        self._rows = rows

    def __getitem__(self, clip: str) -> Row:
        row = self._rows[clip]
        if row["out"] and path_below(self._out, row["out"]) is None:
            row["out"] = None
        return row

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


class _Previews:
    """The previews on disk: no more files are looked at than are asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __contains__(self, clip: object) -> bool:
        return preview_path(self._folder, str(clip)).is_file()

    def __getitem__(self, clip: str) -> str:
        try:
            return preview_path(self._folder, clip).read_text(errors="replace")
        except FileNotFoundError as error:  # it has none, or the run that writes here has replaced the clip
            raise KeyError(clip) from error


def keep_rows(folder: Path, ended: ClipRows) -> None:
    """Puts a clip's rows into its workspace, where they outlive a crash until the tables are written. They count from
    the moment in which the joined file leaves the workspace for its final name: the same step finishes both."""
    # Not `asdict`, which copies each value.
    write_atomically(folder / "done.json", json.dumps(vars(ended)).encode())


def rows_kept_in(folder: Path) -> ClipRows | None:
    """The rows in a clip's workspace, where they count; else there are none any more."""
    file = folder / "done.json"
    try:
        if Workspace(folder, "").joined():
            file.unlink(missing_ok=True)
            return None
        return _of_any_version(**json.loads(file.read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def kept_rows(work_root: Path, is_mine: Callable[[str], bool] = lambda _: True) -> list[tuple[ClipRows, Path]]:
    """The rows that `keep_rows` left in workspaces of a run that was killed, each with its workspace. Removes those of
    clips that did not get their final names: these are joined again.

    Args:
        is_mine: whether rows of the clip with that name may be touched: other runs may be about to write theirs.
    """
    mine = (file for file in sorted(work_root.glob("*/done.json")) if (clip := _clip_of(file)) and is_mine(clip))
    folders = [file.parent for file in mine]
    found = ((rows_kept_in(folder), folder) for folder in folders)
    return [(rows, folder) for rows, folder in found if rows is not None]


def _clip_of(kept: Path) -> str:
    """Whose rows are kept; nobody's where they cannot be read."""
    try:
        return str(json.loads(kept.read_bytes())["clip"]["clip"])
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def _of_any_version(clip: Row, chunks: Sequence[Row], frames: Sequence[Row]) -> ClipRows:
    """A clip's rows without columns that there are no more."""

    def known(row: Row, columns: Mapping[str, str]) -> Row:
        return {name: value for name, value in row.items() if name in columns}

    return ClipRows(
        known(clip, CLIP_COLUMNS),
        [known(row, CHUNK_COLUMNS) for row in chunks],
        [known(row, FRAME_COLUMNS) for row in frames],
    )
