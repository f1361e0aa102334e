"""How clips end: what tables, storage and people are told."""

from dataclasses import dataclass
from pathlib import Path

from ...pipeline.errors import MediaError
from ...pipeline.fingerprint import Fingerprint, check_unchanged
from ..exit_code import another_run_helps
from ..files.clips import Clip, printable
from ..files.earlier_run import ClipState
from ..files.report_folder import ClipRows
from ..files.storage import Storage
from ..notifying.clip_hooks import ClipHooks
from .clip_states import Waiting
from .clip_work import ClipWork, failed_row
from .past_results import PastResults
from .progress import Watcher
from .run_metrics import RunMeter
from .run_record import RunTotals
from .run_rows import RunRows
from .scratch import Scratch


@dataclass(frozen=True)
class ClipEnds:
    """Where the ends of a run's clips are told.

    Raises (all methods):
        OutputError: the tables cannot be written.
    """

    storage: Storage
    scratch: Scratch
    rows: RunRows
    watcher: Watcher
    past: PastResults
    hooks: ClipHooks
    totals: RunTotals
    meter: RunMeter

    def end(self, rows: ClipRows, workspace: Path | None) -> None:
        """A clip has come to its end, with these rows; its workspace goes once the tables have them."""
        row = rows.clip
        self.scratch.end(row["clip"])
        self.watcher.clip_ended(row["clip"], row["status"], row.get("error"), row.get("fps"))
        self.totals.add(row, rows.chunks)
        self.meter.counters.add_clip(row)
        self.hooks.end(rows, lambda rows: self.rows.add(rows, workspace))

    def leave(self, waiting: Waiting, found: ClipState, fingerprint: Fingerprint | None = None) -> None:
        """A clip is left alone, because of what an earlier run has made; see `PastResults`."""
        if found == "finished":
            waiting.workspace.clear()  # which a run was doing when it was killed
            self.storage.clear_work(waiting.workspace.folder.name)
            self.end(ClipRows(self.past.skipped(waiting, fingerprint)), None)
        elif found in ("clash", "other part"):
            self.refuse(waiting.clip, self.past.refusal(waiting, found))
        else:
            self.fail(waiting.clip, self.past.refusal(waiting, found))

    def fail(self, clip: Clip, sentence: str, error: BaseException | None = None) -> None:
        """A clip has failed, because of `error` where that is known. The result of an earlier run stays where it is,
        and stays known."""
        self.totals.run_again |= another_run_helps(error)
        row = failed_row(clip, self.storage.config, printable(sentence), self.storage.size(clip))
        self.end(ClipRows({**row, **self.past.kept(clip)}), None)

    def give_up(self, work: ClipWork, sentence: str, error: BaseException | None) -> None:
        """As `fail`, of a clip that was worked on."""
        try:
            check_unchanged(work.clip.path, work.seen)
        except MediaError as changed:
            # Of one that is gone, what it was found by says so.
            sentence = str(changed) if work.clip.path.exists() else sentence
        self.fail(work.clip, sentence, error)

    def refuse(self, clip: Clip, sentence: str) -> None:
        """A clip is left alone: the tables go on telling of the result that is there."""
        row = failed_row(clip, self.storage.config, printable(sentence), self.storage.size(clip))
        self.scratch.end(clip.name)
        self.watcher.clip_ended(clip.name, row["status"], row["error"], None)
        self.hooks.end(ClipRows(row), lambda rows: self.rows.refuse(rows.clip))
