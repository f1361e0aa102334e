"""Where recordings come from and results go: disks. On object storage (`object_storage.py`) each step differs."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from ..pipeline.atomic import publish
from ..pipeline.fingerprint import Source, clip_key, source_of
from .clips import Clip, find_clips, printable
from .config import ProcessConfig

_URL = re.compile(r"([a-z][a-z0-9+.-]+):/+(.+)")


class Storage:
    """Recordings and results on this machine's disks, or on those that all nodes share."""

    def __init__(self, config: ProcessConfig) -> None:
        self.config = config
        """With paths of this machine only."""

    def find(self) -> tuple[Clip, ...]:
        """All recordings that are asked for; see `find_clips`."""
        return find_clips(self.config.inputs, self.config.out)

    def begin(self) -> None:
        """Called once, when the output folder is locked."""

    def key(self, clip: Clip, settings: Mapping[str, Any]) -> str:
        """As `clip_key`."""
        return clip_key(clip.path, settings)

    def source(self, clip: Clip) -> Source:
        """What the recording can be told from others by.

        Raises:
            MediaError: it cannot be read.
        """
        return source_of(clip.path, printable(str(clip.path)))

    def fetch(self, waiting: Iterable[Clip], at_most: int) -> None:
        """Begins to bring here the clips whose turn comes soon, so that at most so many are here."""

    def fetched(self, clip: Clip) -> bool:
        """Whether the clip is here.

        Raises:
            MediaError: it cannot be brought here.
        """
        return True

    def wait(self, timeout_s: float) -> None:
        """Waits until another clip is here, or for so long."""

    def publish(self, temporary: Path, final: Path) -> None:
        """Gives a finished file its final name.

        Raises:
            OutputError: it cannot be written.
        """
        publish(temporary, final)

    def release(self, clip: str) -> None:
        """The clip with this name has come to its end."""

    def save_report(self, folder: Path, clips: Iterable[str] = ()) -> None:
        """Called whenever the report has been written.

        Args:
            clips: whose rows its tables now have.

        Raises:
            OutputError: it cannot be written.
        """

    def close(self) -> None:
        """Called once, at the end, whatever has happened."""

    def shown(self, path: Path) -> str:
        """Where people find what is at `path`."""
        return str(path)


def open_storage(config: ProcessConfig) -> Storage:
    """What fits the inputs and the output of a run.

    Raises:
        UsageError: the package that talks to an object storage is missing.
    """
    if any(map(url_of, (*config.inputs, config.out))):
        from .object_storage import ObjectStorage  # here, since local runs need none of what it imports

        return ObjectStorage(config)
    return Storage(config)


def url_of(path: Path) -> str | None:
    """The URL that a path was made of, whose two slashes `Path` has folded into one; None of a path on disk."""
    found = _URL.fullmatch(path.as_posix())
    return f"{found[1]}://{found[2]}" if found and not path.exists() else None
