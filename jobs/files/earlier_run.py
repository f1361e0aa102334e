"""A clip's state after an earlier run into the same output folder: finished, in the way, or to be worked on.

A result stays whose it is. A recording that was moved, copied or touched is the same one, by its content. One that has
grown, was cut or was downloaded again is the same where it lies in the same place and begins alike; its result is made
again. Any other recording under that name (programs that record meetings call them all alike) must not replace it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from ...pipeline.fingerprint import Fingerprint, Seen, Source, clip_key, result_key
from ...pipeline.part import WHOLE_CLIP, Part
from ...pipeline.workspace import Workspace
from .clips import Clip

ClipState = Literal["finished", "clash", "other part", "foreign", "open"]


@dataclass(frozen=True)
class Lying:
    """What lies in the output folder, as who sees it tells others: not every node has to."""

    result: bool
    """A clip's result, by its row."""
    other: bool
    """A file with the clip's name that its row does not speak of."""

    @classmethod
    def of(cls, clip: Clip, out: Path, row: Mapping[str, Any]) -> "Lying":
        """
        Args:
            out: the output folder.
            row: the clip's row in the table of earlier runs, empty where it has none.
        """
        ours, named = row.get("out"), out / clip.relative
        result = bool(ours) and ((out / ours).is_file() or named.is_file())
        return cls(result, other=ours != clip.name and named.exists())


def state_at_sight(
    lying: Lying,
    row: Mapping[str, Any],
    workspace: Workspace,
    seen: Seen,
    settings: Mapping[str, Any],
    part: Part = WHOLE_CLIP,
) -> ClipState | None:
    """As `clip_state`, without reading the recording; None where it has to be read. One of the same size and time of
    modification (or entity tag) as when its result was made is the same one.
    """
    if not lying.result:
        return _without_result(lying, workspace)
    known = _fingerprint(row)
    if known is None or (seen.content or (known.state == seen.state and known.content)) != known.content:
        return None
    if row.get("key") == result_key(known.content, settings):
        return "finished"
    return "other part" if part_of(row) != part else _without_result(lying, workspace)


def clip_state(
    lying: Lying,
    row: Mapping[str, Any],
    workspace: Workspace,
    source: Source,
    settings: Mapping[str, Any],
    part: Part = WHOLE_CLIP,
    old_key: str | None = None,
) -> ClipState:
    """`finished`: its result is there, made of the same recording with the same settings; `clash`: what is there was
    made of another recording; `other part`: what is there was made of another part of this one; `foreign`: a file that
    vidsharp did not make has its result's name; `open`: else.

    Args:
        row: as `Lying.of`.
        workspace: the clip's, with the key of this run.
        source: the recording, as it is now.
        settings: see `fingerprint_settings`.
        part: what is wanted of the recording.
        old_key: as `clip_key`, where the row is of version 0.1.

    Raises:
        MediaError: the recording cannot be read.
    """
    if lying.result:
        known = _fingerprint(row)
        if known is None:  # of version 0.1, which kept little
            same = row.get("key") == old_key or row.get("bytes_in") == source.bytes
        else:
            same = known.content == source.content or (
                row.get("source") == source.place and source.beginning(known.beginning_bytes) == known.beginning
            )
        if not same:
            return "clash"
        if row.get("key") in (result_key(source.content, settings), old_key or ""):
            return "finished"
        if part_of(row) != part:
            return "other part"
    return _without_result(lying, workspace)


@dataclass(frozen=True)
class EarlierResult:
    """What a worker needs to tell, of a recording that it has read, what the driver cannot tell at sight."""

    lying: Lying
    row: Mapping[str, Any]
    settings: Mapping[str, Any]
    part: Part = WHOLE_CLIP
    """What is wanted of the recording."""

    def state(self, path: Path, source: Source, workspace: Workspace) -> ClipState:
        """As `clip_state`."""
        of_0_1 = not self.row.get("fingerprint") and path.exists()  # an object need not be here
        old_key = clip_key(path, self.settings) if of_0_1 else None
        return clip_state(self.lying, self.row, workspace, source, self.settings, self.part, old_key)


def part_of(row: Mapping[str, Any]) -> Part:
    """What a clip's result, as its row tells of it, has of the recording."""
    return Part(row.get("start_s"), row.get("end_s"))


def _without_result(lying: Lying, workspace: Workspace) -> ClipState:
    """Of a clip that has to be done: whether a file is in its way."""
    # A plan without a row is of a run of ours that was killed, maybe when the result had its name already.
    return "foreign" if lying.other and workspace.load_plan() is None else "open"


def _fingerprint(row: Mapping[str, Any]) -> Fingerprint | None:
    text = row.get("fingerprint")
    return Fingerprint.parse(text) if text else None


def source_columns(source: Seen | Source, fingerprint: Fingerprint, settings: Mapping[str, Any]) -> dict[str, str]:
    """The columns of a finished clip's row that tell of its recording.

    Args:
        fingerprint: the recording's. What it was when its result was made stays known, but for its state.
    """
    kept = replace(fingerprint, state=source.state)
    return {"source": source.place, "fingerprint": str(kept), "key": result_key(kept.content, settings)}
