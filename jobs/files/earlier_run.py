"""A clip's state after an earlier run into the same output folder: finished, in the way, or to be worked on.

A result stays whose it is. A recording that was moved, copied or touched is the same one, by its content. One that has
grown, was cut or was downloaded again is the same where it lies in the same place and begins alike; its result is made
again. Any other recording under that name (programs that record meetings call them all alike) must not replace it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ...pipeline.file_ends import ENDS_BYTES
from ...pipeline.fingerprint import Source, result_key
from ...pipeline.part import WHOLE_CLIP, Part
from ...pipeline.workspace import Workspace
from .clips import Clip

ClipState = Literal["finished", "clash", "other part", "foreign", "open"]


def clip_state(
    clip: Clip,
    out: Path,
    row: Mapping[str, Any],
    workspace: Workspace,
    source: Source,
    settings: Mapping[str, Any],
    part: Part = WHOLE_CLIP,
) -> ClipState:
    """`finished`: its result is there, made of the same recording with the same settings; `clash`: what is there was
    made of another recording; `other part`: what is there was made of another part of this one; `foreign`: a file that
    vidsharp did not make has its result's name; `open`: else.

    Args:
        out: the output folder.
        row: the clip's row in the table of earlier runs, empty where it has none.
        workspace: the clip's, with the key of this run.
        source: the recording, as it is now.
        settings: see `fingerprint_settings`.
        part: what is wanted of the recording.

    Raises:
        MediaError: the recording cannot be read.
    """
    ours = row.get("out")
    if ours and any((out / path).is_file() for path in (ours, clip.relative)):
        if not _same_recording(row, workspace, source):
            return "clash"
        # Version 0.1 wrote the key of work in progress.
        if row.get("key") in (result_key(source.content, settings), workspace.key):
            return "finished"
        if part_of(row) != part:
            return "other part"
    # A plan without a row is of a run of ours that was killed, maybe when the result had its name already.
    foreign = (out / clip.relative).exists() and ours != clip.name and workspace.load_plan() is None
    return "foreign" if foreign else "open"


def part_of(row: Mapping[str, Any]) -> Part:
    """What a clip's result, as its row tells of it, has of the recording."""
    return Part(row.get("start_s"), row.get("end_s"))


def _same_recording(row: Mapping[str, Any], workspace: Workspace, source: Source) -> bool:
    if not row.get("fingerprint"):  # of version 0.1, which kept little
        return row.get("key") == workspace.key or row.get("bytes_in") == source.bytes
    content, count, beginning = row["fingerprint"].split("-")
    if content == source.content:
        return True
    return row.get("source") == source.place and source.beginning(int(count)) == beginning


def source_columns(source: Source, settings: Mapping[str, Any], row: Mapping[str, Any] | None = None) -> dict[str, str]:
    """The columns of a finished clip's row that tell of its recording.

    Args:
        row: the one that it has already.

    Raises:
        MediaError: the recording cannot be read.
    """
    fingerprint = (row or {}).get("fingerprint")
    if not fingerprint:
        count = min(ENDS_BYTES, source.bytes)
        fingerprint = f"{source.content}-{count}-{source.beginning(count)}"
    return {"source": source.place, "fingerprint": fingerprint, "key": result_key(source.content, settings)}
