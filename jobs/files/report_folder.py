"""The report on disk, written atomically. Rows of finished clips wait in their workspace until the tables have them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ...pipeline.atomic import make_folder, remove_leftovers, write_atomically
from ...pipeline.workspace import Workspace, file_stem
from ...reports.run.tables import (
    CHUNK_COLUMNS,
    CLIP_COLUMNS,
    FRAME_COLUMNS,
    check_columns,
    csv_bytes,
    from_parquet,
    merged,
    parquet_bytes,
    rows,
    table,
)
from .output_paths import path_below

Row = dict[str, Any]

PREVIEWS = "previews"


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

    Raises (all methods):
        OutputError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for written_to in (folder, folder / PREVIEWS):
            remove_leftovers(written_to)

    @cached_property
    def clips(self) -> Any:
        """The table of clips."""
        return self._read("clips", CLIP_COLUMNS)

    @cached_property
    def chunks(self) -> Any:
        """The table of chunks."""
        return self._read("chunks", CHUNK_COLUMNS)

    @cached_property
    def frames(self) -> Any:
        """The table of measured frames."""
        return self._read("frames", FRAME_COLUMNS)

    def earlier(self) -> dict[str, Row]:
        """The rows of earlier runs, by clip. A result that would lie outside the output folder is none of ours."""
        if not (self.folder / "clips.parquet").exists():
            return {}  # at once: a first run does not wait for pandas
        found = {row["clip"]: row for row in rows(self.clips)}
        for row in found.values():
            if row["out"] and path_below(self.folder.parent, row["out"]) is None:
                row["out"] = None
        return found

    def add(self, ended: Sequence[ClipRows]) -> None:
        """Writes the tables with these clips' rows in place of older ones. A clip that brings no rows of chunks or of
        frames keeps the older ones."""
        if not ended:
            return
        self.clips = merged(self.clips, table([clip.clip for clip in ended], CLIP_COLUMNS))
        self.chunks = merged(self.chunks, table([row for clip in ended for row in clip.chunks], CHUNK_COLUMNS))
        self.frames = merged(self.frames, table([row for clip in ended for row in clip.frames], FRAME_COLUMNS))
        make_folder(self.folder)
        for name, frame in (("clips", self.clips), ("chunks", self.chunks), ("frames", self.frames)):
            write_atomically(self.folder / f"{name}.parquet", parquet_bytes(frame))
            write_atomically(self.folder / f"{name}.csv", csv_bytes(frame))

    def write_page(self, page: str) -> Path:
        """Writes the report's page."""
        path = self.folder / "index.html"
        make_folder(self.folder)
        write_atomically(path, page.encode("utf-8", "backslashreplace"))
        return path

    def keep_preview(self, clip: str, preview: str | None) -> None:
        """Puts a clip's preview in the place of an older one; None only removes that."""
        path = _preview_path(self.folder, clip)
        if preview is None:
            path.unlink(missing_ok=True)
        else:
            make_folder(path.parent)
            write_atomically(path, preview.encode())

    @property
    def previews(self) -> Mapping[str, str]:
        """The previews (JSON, see `preview_json`) of the tables' clips; each is read when it is asked for."""
        return _Previews(self.folder, [str(clip) for clip in self.clips["clip"]])

    def _read(self, name: str, columns: Mapping[str, str]) -> Any:
        try:
            return from_parquet((self.folder / f"{name}.parquet").read_bytes(), columns)
        except (OSError, ValueError, KeyError):
            return table([], columns)


class _Previews(Mapping[str, str]):
    def __init__(self, folder: Path, clips: Sequence[str]) -> None:
        self._paths = {clip: path for clip in clips if (path := _preview_path(folder, clip)).is_file()}

    def __getitem__(self, clip: str) -> str:
        try:
            return self._paths[clip].read_text(errors="replace")
        except FileNotFoundError as error:  # the run that writes here has replaced the clip, which has none now
            raise KeyError(clip) from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._paths)

    def __len__(self) -> int:
        return len(self._paths)


def _preview_path(folder: Path, clip: str) -> Path:
    return folder / PREVIEWS / f"{file_stem(clip)}.json"


def keep_rows(folder: Path, ended: ClipRows) -> None:
    """Puts a clip's rows into its workspace, where they outlive a crash until the tables are written. They count from
    the moment in which the joined file leaves the workspace for its final name: the same step finishes both."""
    write_atomically(folder / "done.json", json.dumps(asdict(ended)).encode())


def kept_rows(work_root: Path) -> list[tuple[ClipRows, Path]]:
    """The rows that `keep_rows` left in workspaces of a run that was killed, each with its workspace. Removes those of
    clips that did not get their final names: these are joined again."""
    kept = []
    for file in sorted(work_root.glob("*/done.json")):
        try:
            if Workspace(file.parent, "").joined():
                file.unlink()
                continue
            kept.append((_of_any_version(**json.loads(file.read_bytes())), file.parent))
        except (OSError, ValueError, TypeError):
            continue
    return kept


def _of_any_version(clip: Row, chunks: Sequence[Row], frames: Sequence[Row]) -> ClipRows:
    """A clip's rows without columns that there are no more."""

    def known(row: Row, columns: Mapping[str, str]) -> Row:
        return {name: value for name, value in row.items() if name in columns}

    return ClipRows(
        known(clip, CLIP_COLUMNS),
        [known(row, CHUNK_COLUMNS) for row in chunks],
        [known(row, FRAME_COLUMNS) for row in frames],
    )
