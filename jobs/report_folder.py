"""The tables on disk, written atomically; rows of finished clips wait in their workspace until they are in them."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..pipeline.atomic import make_folder, write_atomically
from ..reports.tables import CHUNK_COLUMNS, CLIP_COLUMNS, csv_bytes, from_parquet, merged, parquet_bytes, rows, table

Row = dict[str, Any]


class ReportFolder:
    """The folder `report/` of an output folder, with the tables of all runs into it.

    Raises (all methods):
        OutputError: the folder cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clips = self._read("clips", CLIP_COLUMNS)
        self.chunks = self._read("chunks", CHUNK_COLUMNS)

    def earlier(self) -> dict[str, Row]:
        """The rows of earlier runs, by clip."""
        return {row["clip"]: row for row in rows(self.clips)}

    def add(self, clips: Sequence[Mapping[str, Any]], chunks: Sequence[Mapping[str, Any]]) -> None:
        """Writes the tables with these rows in place of the same clips' older ones. A clip that brings no chunk rows
        keeps the older ones."""
        if not clips:
            return
        self.clips = merged(self.clips, table(clips, CLIP_COLUMNS))
        self.chunks = merged(self.chunks, table(chunks, CHUNK_COLUMNS))
        make_folder(self.folder)
        write_atomically(self.folder / "clips.parquet", parquet_bytes(self.clips))
        write_atomically(self.folder / "clips.csv", csv_bytes(self.clips))
        write_atomically(self.folder / "chunks.parquet", parquet_bytes(self.chunks))
        write_atomically(self.folder / "chunks.csv", csv_bytes(self.chunks))

    def _read(self, name: str, columns: Mapping[str, str]) -> Any:
        try:
            return from_parquet((self.folder / f"{name}.parquet").read_bytes(), columns)
        except (OSError, ValueError, KeyError):
            return table([], columns)


def keep_rows(folder: Path, clip: Row, chunks: Sequence[Row]) -> None:
    """Puts a finished clip's rows into its workspace, where they outlive a crash until the tables are written."""
    write_atomically(folder / "done.json", json.dumps({"clip": clip, "chunks": list(chunks)}).encode())


def kept_rows(work_root: Path) -> tuple[list[Row], list[Row], list[Path]]:
    """The rows that `keep_rows` left in workspaces of a run that was killed, and those workspaces."""
    clips: list[Row] = []
    chunks: list[Row] = []
    folders: list[Path] = []
    for file in sorted(work_root.glob("*/done.json")):
        try:
            kept = json.loads(file.read_bytes())
            clips.append(kept["clip"])
            chunks.extend(kept["chunks"])
        except (OSError, ValueError, KeyError):
            continue
        folders.append(file.parent)
    return clips, chunks, folders
