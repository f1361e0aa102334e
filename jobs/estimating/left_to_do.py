"""The work that an earlier run into the same folder has left to do, clip by clip."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...pipeline.errors import MediaError
from ...pipeline.fingerprint import StateKeys
from ...pipeline.workspace import Workspace
from ..config import ProcessConfig
from ..files.clips import REPORT_FOLDER, WORK_FOLDER, Clip
from ..files.earlier_run import EarlierResult, Lying, state_at_sight
from ..files.report_folder import ReportFolder
from ..files.storage import Storage
from ..processing.run_settings import fingerprint_settings

_IN_THE_WAY = {
    "foreign": "was not made by vidsharp",
    "clash": "was made of another recording",
    "other part": "was made of another part of it",
}
"""What is said of a file that a run would not replace, by the state of its clip."""


@dataclass(frozen=True)
class Left:
    """The work that an earlier run has left to do of a clip: all of it, where nothing else is said."""

    finished: bool = False
    failing: str | None = None
    done: frozenset[int] = frozenset()
    """Chunks."""


def left_to_do(config: ProcessConfig, storage: Storage, clips: Sequence[Clip]) -> dict[str, Left]:
    """The work left for a run into `config.out`, by clip: what it would skip, refuse, or take over."""
    out = config.out.absolute()
    earlier = ReportFolder(out / REPORT_FOLDER).earlier()
    settings = fingerprint_settings(config)
    keys = StateKeys(settings)
    left: dict[str, Left] = {}
    for clip in clips:
        try:
            seen, row = storage.seen(clip), earlier.get(clip.name, {})
            workspace = Workspace.of(out / WORK_FOLDER, clip.name, keys(seen.state))
            lying = Lying.of(clip, out, row)
            found = state_at_sight(lying, row, workspace, seen, settings, config.part) or EarlierResult(
                lying, row, settings, config.part
            ).state(clip.path, storage.source(clip), workspace)
        except MediaError as error:
            left[clip.name] = Left(failing=str(error))
            continue
        if found in _IN_THE_WAY:
            left[clip.name] = Left(failing=f"{out / clip.relative} exists and {_IN_THE_WAY[found]}")
        else:
            plan = workspace.load_plan() or ()
            done = frozenset(chunk.index for chunk in plan if workspace.load_record(chunk) is not None)
            left[clip.name] = Left(finished=found == "finished", done=done)
    return left
