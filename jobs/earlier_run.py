"""What an earlier run into the same output folder means for a clip: it is finished, in the way, or to be worked on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from ..pipeline.workspace import Workspace
from .clips import Clip

Standing = Literal["finished", "foreign", "open"]


def standing(clip: Clip, out: Path, row: Mapping[str, Any], workspace: Workspace) -> Standing:
    """`finished`: its result is there, made of the same input with the same settings; `foreign`: a file that vidsharp
    did not make has its result's name; `open`: anything else.

    Args:
        out: the output folder.
        row: the clip's row in the table of earlier runs, empty where it has none.
        workspace: the clip's, with the key of this run.
    """
    ours = row.get("out")
    there = ours and any((out / path).is_file() for path in (ours, clip.relative))
    if there and row.get("key") == workspace.key:
        return "finished"
    # A plan without a row is of a run of ours that was killed, maybe when the result had its name already.
    foreign = (out / clip.relative).exists() and ours != clip.name and workspace.load_plan() is None
    return "foreign" if foreign else "open"
