"""The storage of recordings and results: disks. On object storage (`object_storage.py`) each step differs."""

import re
from collections.abc import Callable, Hashable, Iterable, Sequence
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from ...pipeline.fingerprint import Seen, Source, read_source, see
from ..config import ProcessConfig
from ..engine.node import Needed
from .clips import REPORT_FOLDER, WORK_FOLDER, Clip, file_size, find_clips, printable
from .known_files import KnownFiles, check_spared, originals, results_of
from .passed_over import PassedOver
from .report_guard import check_report, files_in

if TYPE_CHECKING:  # which imports what talks to object storage
    from .far_recording import FarRecording
    from .far_work import FarWork
    from .publication import Upload

_URL = re.compile(r"([a-z][a-z0-9+.-]+):/+(.+)")


class Storage:
    """Recordings and results on this machine's disks, or on those that all nodes share."""

    def __init__(self, config: ProcessConfig) -> None:
        self.config = config
        """With paths of this machine only."""
        self.passed_over = PassedOver()
        self.inputs = KnownFiles()
        """What the run reads, and no result may replace."""

    @property
    def nodes_apart(self) -> bool:
        """Whether no node of a run sees what another one has on its disk."""
        return False

    @property
    def work_root(self) -> Path:
        """The folder of clips' workspaces, as every node calls it."""
        return self.config.out.absolute() / WORK_FOLDER

    def find(self) -> tuple[Clip, ...]:
        """All recordings that are asked for; see `find_clips`.

        Raises:
            UsageError: also where a result would be written over what the run reads.
        """
        clips = find_clips(self.config.inputs, self.config.out, self.passed_over.add)
        self._spare(clips, lambda: (clip.path for clip in clips))
        return clips

    def _spare(self, clips: Sequence[Clip], recordings: Callable[[], Iterable[Path]]) -> None:
        self.inputs = KnownFiles(lambda: chain(recordings(), originals(clips, self.config.reference)))
        check_spared(results_of(clips, self.config.out.absolute()), self.inputs)

    def begin(self) -> None:
        """Called once, when the output folder is locked.

        Raises:
            UsageError: as `check_report`.
        """
        report = self.config.out / REPORT_FOLDER
        if not self.config.overwrite:
            check_report(report, files_in(report), str(report))

    def look(self) -> None:
        """Called once in the place of `begin` by who only reads.

        Raises:
            StorageError: the tables of earlier runs cannot be read.
        """

    def size(self, clip: Clip) -> int | None:
        """In bytes; None where the recording cannot be looked at."""
        return file_size(clip.path)

    def state(self, clip: Clip) -> Hashable:
        """What changes when the recording does, as far as it shows without reading it."""
        with suppress(OSError):
            found = clip.path.stat()
            return found.st_size, found.st_mtime_ns
        return None

    def far(self, clip: Clip) -> bool:
        """Whether it must be brought here first."""
        return False

    def seen(self, clip: Clip) -> Seen:
        """What is known of the recording without opening it.

        Raises:
            MediaError: it is not there.
        """
        return see(clip.path, printable(str(clip.path)))

    def source(self, clip: Clip) -> Source:
        """The features that tell the recording from others, read by this process.

        Raises:
            MediaError: it cannot be read.
        """
        return read_source(clip.path, self.seen(clip))

    def recording(self, clip: Clip) -> "FarRecording | None":
        """How a worker gets the recording; None where all nodes see it."""
        return None

    def work(self, workspace: str) -> "FarWork | None":
        """Where a worker finds a clip's work beside the workspace; None where all of it is there.

        Args:
            workspace: the name of the clip's.
        """
        return None

    def clear_work(self, workspace: str) -> None:
        """Removes the rest of a finished clip's work that is not in the workspace."""

    def output(self, lock: Path) -> "Needed | None":
        """What proves that a node's output is the run's; None where nothing can.

        Args:
            lock: the file of the run's lock.
        """
        return lock

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

    def upload(self, workspace: str, final: Path) -> "Upload | None":
        """How the worker that joins a clip brings the file to its place; None where it has but to be renamed.

        Args:
            workspace: the name of the clip's.

        Raises:
            StorageError: this driver may not write there any more.
        """
        return None

    def published(self, final: Path) -> None:
        """A worker has brought a result to its place."""

    def save_report(self, files: Iterable[Path], clips: Iterable[str] = ()) -> None:
        """Called whenever the report has been written.

        Args:
            files: of the report, that may have been written or removed since.
            clips: whose rows its tables now have.

        Raises:
            OutputError: it cannot be written.
        """

    def close(self) -> None:
        """Called once, at the end, whatever has happened."""

    def shown(self, path: Path) -> str:
        """The place where people find what is at `path`."""
        return str(path)


def url_of(path: Path) -> str | None:
    """The URL that a path was made of, whose two slashes `Path` has folded into one; None of a path on disk."""
    found = _URL.fullmatch(path.as_posix())
    return f"{found[1]}://{found[2]}" if found and not path.exists() else None
