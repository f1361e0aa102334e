"""A run's rows on their way to the tables: with thousands of clips, tables are not rewritten after every single one."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...pipeline.workspace import Workspace
from ..files.report_folder import ClipRows, ReportFolder, kept_rows
from ..files.storage import Storage

TABLES_SHARE = 0.05
"""Of a run's time, at most this goes into rewriting tables."""
UNWRITTEN_MAX = 1000
"""So many clips' rows may wait for the tables in memory: with a row for each measured frame, about 100 MB."""


class RunRows:
    """The rows of the clips of one run.

    Raises (methods that write):
        OutputError: the tables cannot be written.
    """

    def __init__(self, report: ReportFolder, storage: Storage) -> None:
        self._report = report
        self._storage = storage
        self._clips: dict[str, dict[str, Any]] = {}
        self._unwritten: list[tuple[ClipRows, Path | None]] = []
        self._cost_s = 0.0
        self._began = time.monotonic()

    @property
    def clips(self) -> Mapping[str, dict[str, Any]]:
        """The `clips` rows of this run, by clip."""
        return self._clips

    def adopt(self, work_root: Path) -> None:
        """Writes the rows that a run left in its workspaces when it was killed before the tables had them."""
        kept = kept_rows(work_root)
        self._report.add([rows for rows, _ in kept])
        for _, folder in kept:
            Workspace(folder, "").clear()

    def add(self, rows: ClipRows, workspace: Path | None) -> None:
        """Takes the rows of a clip that has come to its end, whose workspace goes once the tables have them."""
        self._clips[rows.clip["clip"]] = rows.clip
        self._unwritten.append((rows, workspace))
        cheap = self._cost_s <= TABLES_SHARE * (time.monotonic() - self._began)
        if rows.clip["status"] != "skipped" and (cheap or len(self._unwritten) >= UNWRITTEN_MAX):
            self.write()

    def refuse(self, row: dict[str, Any]) -> None:
        """Takes the row of a clip that this run leaves alone: the tables go on telling of the result that is there."""
        self._clips[row["clip"]] = row

    def write(self) -> None:
        """Writes what waits."""
        began = time.monotonic()
        self._report.add([rows for rows, _ in self._unwritten])
        self._storage.save_report(self._report.folder, [rows.clip["clip"] for rows, _ in self._unwritten])
        for _, folder in self._unwritten:
            if folder is not None:
                Workspace(folder, "").clear()
        self._unwritten.clear()
        self._cost_s += time.monotonic() - began
