"""The call simulation as a job: soft recordings of clips and folders of clips."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...pipeline.errors import OutputError
from ...training.errors import SimulationError
from ...training.simulate.clip import simulate_clip
from ...training.simulate.parameters import LEVELS
from ..config import UsageError
from ..files.clips import Clip, find_clips
from ..files.known_files import KnownFiles, check_spared
from ..files.output_paths import check_inside

_KEPT_SUFFIXES = (".mp4", ".mov", ".mkv", ".ts", ".mts", ".m2ts")
"""Containers that take H.264 and nearly any sound; clips in others become Matroska."""


@dataclass(frozen=True)
class SimulateConfig:
    """Everything `vidsharp simulate` takes.

    Raises:
        UsageError: no clips, or no such level.
    """

    inputs: tuple[Path, ...]
    """Clips, and folders of clips (searched recursively)."""
    out: Path
    level: str
    seed: int = 0
    """The same for every clip."""
    overwrite: bool = False
    """Replaces files that were not made of the same recording."""

    def __post_init__(self) -> None:
        if not self.inputs:
            raise UsageError("name at least one clip, or a folder of clips")
        if self.level not in LEVELS:
            raise UsageError(f"--level {self.level!r} is not known; accepted are {', '.join(LEVELS)}")


@dataclass(frozen=True)
class SimulatedClip:
    """The outcome of one clip."""

    clip: str
    """Its path below the folder it was found in."""
    out: Path
    error: str | None
    """One sentence, where the clip failed; then `out` was not written."""


def simulate(config: SimulateConfig) -> Iterator[SimulatedClip]:
    """Makes each clip's soft recording, with its parameters as JSON beside it, and yields it when it is done.

    Raises:
        UsageError: before any work: as `find_clips`, or a result would be written over one of the clips.
    """
    clips = find_clips(config.inputs, config.out)
    check_spared(((clip, _out(clip, config)) for clip in clips), KnownFiles(lambda: (clip.path for clip in clips)))
    return (_one(clip, config) for clip in clips)


def _out(clip: Clip, config: SimulateConfig) -> Path:
    out = config.out / clip.relative
    # `call.avi` and `call.webm` may lie side by side.
    return out if out.suffix.lower() in _KEPT_SUFFIXES else out.with_name(f"{out.name}.mkv")


def _one(clip: Clip, config: SimulateConfig) -> SimulatedClip:
    out = _out(clip, config)
    error = None
    try:
        check_inside(config.out, out)
        simulate_clip(clip.path, out, config.level, config.seed, overwrite=config.overwrite)
    except (SimulationError, OutputError) as failure:
        error = str(failure)
    except OSError as failure:
        error = f"'{out}' cannot be written: {failure.strerror or failure}."
    return SimulatedClip(clip.name, out, error)
