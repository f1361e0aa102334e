"""The results of earlier runs into an output folder: what they mean for a run's clips, and what is said of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from ...pipeline.fingerprint import Fingerprint, StateKeys
from ...pipeline.workspace import Workspace
from ..files.clips import Clip
from ..files.earlier_run import ClipState, EarlierResult, Lying, part_of, source_columns, state_at_sight
from ..files.output_paths import check_inside
from ..files.storage import Storage
from .clip_states import Waiting

_KEPT = ("out", "source", "fingerprint", "start_s", "end_s")
"""Columns that tell of a clip's result, as long as it is there."""


@dataclass(frozen=True)
class PastResults:
    """What earlier runs have left, and what tells it from this run's."""

    rows: Mapping[str, Mapping[str, Any]]
    """Their rows of the `clips` table, by clip."""
    storage: Storage
    work_root: Path
    settings: Mapping[str, Any]
    """See `fingerprint_settings`."""
    keys: StateKeys
    """Of these settings."""
    inside: set[Path] = field(default_factory=set)
    """Folders of results, below the output folder, that were seen to lie in it."""

    @cached_property
    def out(self) -> Path:
        return self.storage.config.out.absolute()

    def sort(self, clip: Clip) -> tuple[Waiting, ClipState]:
        """What is to be done of a clip, without reading its recording: where that has to be read, a worker tells.

        Raises:
            MediaError: the recording cannot be looked at.
            OutputError: its result would lie outside the output folder.
        """
        if (folder := clip.relative.parent) not in self.inside:
            check_inside(self.out, self.out / clip.relative)
            self.inside.add(folder)
        seen, row = self.storage.seen(clip), self.rows.get(clip.name, {})
        workspace = Workspace.of(self.work_root, clip.name, self.keys(seen.state))
        part = self.storage.config.part
        if self.storage.config.overwrite:
            # Chunks that are there are of an unfinished run: finished clips leave none.
            return Waiting(clip, workspace, seen), "open"
        lying = Lying.of(clip, self.out, row)
        found = state_at_sight(lying, row, workspace, seen, self.settings, part)
        if found is not None:
            return Waiting(clip, workspace, seen), found
        known = {name: row.get(name) for name in (*_KEPT, "key", "bytes_in")}
        return Waiting(clip, workspace, seen, EarlierResult(lying, known, self.settings, part)), "open"

    def skipped(self, waiting: Waiting, fingerprint: Fingerprint | None) -> dict[str, Any]:
        """The row of a finished clip.

        Args:
            fingerprint: the recording's, where a worker had to read it.
        """
        row = self.rows[waiting.clip.name]
        known = Fingerprint.parse(row["fingerprint"]) if row.get("fingerprint") else fingerprint
        assert known is not None, "it was read, since nothing is known of it"
        return {**row, "status": "skipped", **source_columns(waiting.seen, known, self.settings)}

    def refusal(self, waiting: Waiting, found: ClipState) -> str:
        """The sentence for a clip that is left alone because of the file that has its result's name."""
        clip, shown = waiting.clip, self.storage.shown
        if found == "foreign":
            return (
                f"{shown(self.out / clip.relative)} exists and was not made by vidsharp; "
                "remove it, choose another --out, or say --overwrite"
            )
        row = self.rows[clip.name]
        whose = f"another recording, {row.get('source') or 'one that has had its name'}"
        wanted, other = (waiting.seen.place, whose) if found == "clash" else (self.storage.config.part, part_of(row))
        return (
            f"{shown(self.out / row['out'])} was made of {other}; choose another --out for {wanted}, "
            "or say --overwrite to replace it"
        )

    def kept(self, clip: Clip) -> dict[str, Any]:
        """Of the row of a clip that fails, what it keeps: the result stays where it is, and stays known as ours, and
        as that recording's."""
        row = self.rows.get(clip.name, {})
        return {name: row.get(name) for name in _KEPT}
