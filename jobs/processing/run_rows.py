"""A run's rows on their way to the tables: some clips' together, so that a table has few parts."""

import logging
import time
from collections import Counter
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from ...pipeline.workspace import Workspace
from ..files.previews import preview_path
from ..files.report_folder import ClipRows, ReportFolder, kept_rows
from ..files.storage import Storage
from .run_record import record_name

log = logging.getLogger("vidsharp")

TABLES_SHARE = 0.05
"""Of a run's time, at most this goes into writing tables."""
WAIT_SHARE = 0.01
"""Of a run's time so far, rows wait at most this, where writing them is cheap: soon at its beginning, when one looks,
and in few parts later on."""
UNWRITTEN_MAX = 1000
"""So many clips' rows may wait for the tables in memory: with a row for each measured frame, about 100 MB."""

ROWS_HELD = 10_000
"""So many rows are given back at the end of a run: some 30 MB."""


class RunRows:
    """The rows of the clips of one run.

    Raises (methods that write):
        OutputError: the tables cannot be written.
    """

    def __init__(self, report: ReportFolder, storage: Storage) -> None:
        self._report = report
        self._storage = storage
        self._unwritten: list[tuple[ClipRows, Path | None]] = []
        self._refused: dict[str, dict[str, Any]] = {}
        self._cost_s = 0.0
        self._began = self._wrote = time.monotonic()
        self.counts: Counter[str] = Counter()
        """Clips that have ended, by status."""
        self.unmeasured = 0
        """Clips that were finished already, without having been compared with a reference."""

    def of(self, clips: Sequence[str]) -> tuple[dict[str, Any], ...]:
        """The rows of clips that have ended; of more than `ROWS_HELD`, those of the first."""
        own = {rows.clip["clip"]: rows.clip for rows, _ in self._unwritten} | self._refused
        from ...reports.run.rows_by_clip import RowsByClip

        written = RowsByClip(lambda: self._report.table("clips"))
        return tuple(own[clip] if clip in own else written[clip] for clip in clips[:ROWS_HELD])

    def adopt(self, work_root: Path) -> None:
        """Writes the rows that a run left in its workspaces when it was killed before the tables had them."""
        shard = self._storage.config.shard
        kept = kept_rows(work_root, shard.has if shard else lambda _: True)
        self._report.add([rows for rows, _ in kept])
        for _, folder in kept:
            Workspace(folder, "").clear()

    def add(self, rows: ClipRows, workspace: Path | None) -> None:
        """Takes the rows of a clip that has come to its end, whose workspace goes once the tables have them."""
        self.counts[rows.clip["status"]] += 1
        self.unmeasured += rows.clip["status"] == "skipped" and rows.clip.get("ssim_ref_after") is None
        self._unwritten.append((rows, workspace))
        if len(self._unwritten) >= UNWRITTEN_MAX or (rows.clip["status"] != "skipped" and self._due()):
            self.write()

    def refuse(self, row: dict[str, Any]) -> None:
        """Takes the row of a clip that this run leaves alone: the tables go on telling of the result that is there."""
        self.counts[row["status"]] += 1
        self._refused[row["clip"]] = row

    def write(self) -> None:
        """Writes what waits."""
        began = time.monotonic()
        self._report.add([rows for rows, _ in self._unwritten])
        self.save([rows.clip["clip"] for rows, _ in self._unwritten])
        for _, folder in self._unwritten:
            if folder is not None:
                Workspace(folder, "").clear()
        self._unwritten.clear()
        self._wrote = time.monotonic()
        self._cost_s += self._wrote - began

    def finish(self) -> None:
        """Writes what waits, in few parts and, where the tables are not too large, as files to open. A shard changes no
        file of another one, so it only writes what waits.

        What goes wrong with parts and files costs nothing but them, and the log says so.
        """
        if self._storage.config.shard is not None:
            self.write()
            return
        from pyarrow import ArrowException

        from ...reports.run.data_set import PartGone

        self.write()
        try:
            self._report.compact()
            self._report.write_single_files()
            self.save()
        except (OSError, ArrowException, PartGone) as error:
            log.error("the tables are in %s in parts, and were not joined: %s", self._report.folder, error)

    def save(self, clips: Sequence[str] = ()) -> None:
        """Has the storage save what of the report has changed.

        Args:
            clips: whose rows were written.
        """
        previews = (preview_path(self._report.folder, clip) for clip in clips)
        record = self._report.folder / record_name(self._storage.config.shard)
        self._storage.save_report(chain(previews, self._report.changed(), [record]), clips)

    def _due(self) -> bool:
        now = time.monotonic()
        run_s = now - self._began
        return self._cost_s <= TABLES_SHARE * run_s and now - self._wrote >= WAIT_SHARE * run_s
