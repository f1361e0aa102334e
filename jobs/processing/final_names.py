"""The names of results: which file a clip's becomes, where its own name cannot be had."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...pipeline.errors import ResultRefused
from ..files.clips import Clip, printable
from ..files.known_files import KnownFiles


@dataclass(frozen=True)
class FinalNames:
    """The names of results."""

    out: Path
    """The output folder, absolute."""
    clips: Collection[str]
    """Names of all clips of the run."""
    overwrite: bool
    inputs: KnownFiles = field(default_factory=KnownFiles)
    """What the run reads."""
    earlier: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """The rows of earlier runs, by clip."""
    owners: dict[str, str] = field(default_factory=dict)
    """Whose result a file is, that has another name than its recording: its name in the output folder, and the
    clip's."""

    def as_matroska(self, clip: Clip) -> Path:
        """The name of a clip whose recording's container could not take the result: its own, with `.mkv`.

        Raises:
            ResultRefused: what was not made by vidsharp has that name.
        """
        path = self.out / clip.relative
        # `call.avi` and `call.mkv` may lie side by side, as may `call.webm` or a file that is none of ours.
        for other in (path.with_suffix(".mkv"), path.with_name(f"{path.name}.mkv")):
            name = self.name(other)
            owner = self._owner(name) or (clip.name if self.overwrite or not other.exists() else None)
            if name not in self.clips and owner == clip.name and self.inputs.find(other) is None:
                return other
        if self.inputs.find(other):
            raise ResultRefused(f"{path.name}.mkv is a recording of this run itself; choose another --out", path)
        raise ResultRefused(f"{path.name}.mkv exists and was not made by vidsharp; remove it, or say --overwrite", path)

    def reserve(self, clip: Clip) -> Path:
        """As `as_matroska`, a name that no other clip gets any more.

        Raises:
            ResultRefused: as `as_matroska`.
        """
        path = self.as_matroska(clip)
        self.owners[self.name(path)] = clip.name
        return path

    def release(self, path: Path) -> None:
        """The clip that has reserved a name has come to nothing: others may have it, unless an earlier result does."""
        if not path.exists():
            self.owners.pop(self.name(path), None)

    def _owner(self, name: str) -> str | None:
        own = self.earlier.get(name)
        return self.owners.get(name) or (name if own and own["out"] == name else None)

    def name(self, path: Path) -> str:
        """The name that the tables have of a file in the output folder."""
        return name_in(self.out, path)


def name_in(out: Path, path: Path) -> str:
    """The name that the tables have of a file in the output folder `out`."""
    return printable(path.relative_to(out).as_posix())
