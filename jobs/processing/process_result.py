"""The outcome of the main job."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..exit_code import run_code


@dataclass(frozen=True)
class ProcessResult:
    """The outcome of a run."""

    report: Path
    """The folder with the tables."""
    page: Path | None
    """The HTML report, where one was asked for and could be written."""
    shown: str
    """Where people find the page, or else the tables; a URL where the output is on object storage (the paths are then
    of the staging folder, which is removed when all is finished)."""
    rows: tuple[dict[str, Any], ...]
    """The `clips` rows of this run's clips; of more than `ROWS_HELD` of them, those of the first."""
    counts: Mapping[str, int]
    """This run's clips by status."""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    """How many files of the folders were not taken as recordings, by ending."""
    run_again: bool = False
    """Whether a disk, a bucket or the cluster made a clip fail, so that another run may help."""

    @property
    def exit_code(self) -> int:
        """The command's."""
        return run_code(self.count("failed"), self.run_again)

    def count(self, status: str) -> int:
        """Clips that ended as `done`, `resumed`, `copied`, `skipped` or `failed`."""
        return self.counts.get(status, 0)
