"""A recording on object storage, which each node of a run brings to its own disk when it first needs it."""

import hashlib
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from ...pipeline.atomic import make_folder
from ...pipeline.errors import MediaError, OutputError, disk_sentence
from ..engine.node import node_name
from ..processing.run_record import without_secrets
from .checksums import checksum, stored_checksums
from .object_place import Place, reading, version
from .transfers import FULL, DamagedError, bring

LOOK_S = 0.5
"""How often a process looks whether another one on its node has brought the recording that both need."""


@dataclass(frozen=True)
class FarRecording:
    """What a worker has to know of a recording to bring it. All nodes call it by the same path; whether their disks are
    one or each has its own, the first process that needs it brings it, and the others wait for that."""

    url: str = field(repr=False)
    version: str
    """As the run has found it: see `version`."""
    bytes: int
    path: Path
    scratch: Path
    """The run's folder for recordings, on each node; `path` is in it."""
    gone: tuple[Path, ...] = ()
    """Recordings there whose clips have ended: they make room."""

    def __str__(self) -> str:
        return without_secrets(self.url)

    @property
    def removal(self) -> "Removal":
        """The work that removes all recordings of the run from a node."""
        return Removal(self.scratch)

    def exists(self) -> bool:
        """Whether it is there, as far as this machine can tell.

        Raises:
            StorageError: the storage does not answer, or lets nobody in from here.
        """
        place = Place.of(self.url, patient=True)
        with reading(place.url):
            try:
                place.fs.info(place.path)
            except FileNotFoundError:
                return False
        return True

    def bring(self, on_part: Callable[[], None] = lambda: None) -> None:
        """Has the recording be at `path`, whole.

        Args:
            on_part: called for each part that comes, and while another process brings it; what it raises ends that.

        Raises:
            MediaError: it has changed since the run began, or cannot be read.
            OutputError: the disk is full, or cannot be written.
        """
        try:
            for left in self.gone:
                left.unlink(missing_ok=True)
            if self._is_here():
                return
            remove_earlier_runs(self.scratch)
            make_folder(self.path.parent)
            with _alone(FileLock(self._beside("lock")), on_part):
                if not self._is_here():
                    self._download(on_part)
        except OSError as error:
            if isinstance(error, MediaError | OutputError):
                raise
            raise OutputError(disk_sentence(error, self.scratch), self.scratch) from error

    def _is_here(self) -> bool:
        with suppress(OSError):
            return self.path.stat().st_size == self.bytes
        return False

    def _beside(self, suffix: str) -> Path:
        return self.scratch / f".{hashlib.sha256(str(self.path).encode()).hexdigest()[:16]}.{suffix}"

    def _download(self, on_part: Callable[[], None]) -> None:
        place, part = Place.of(self.url, patient=True), self._beside("part")
        try:
            with reading(place.url, MediaError), self._room_for(place):
                bring(place, part, lambda: self._check(place, part), on_part)
            part.replace(self.path)
        finally:
            part.unlink(missing_ok=True)

    @contextmanager
    def _room_for(self, place: Place) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            if error.errno not in FULL:
                raise
            raise OutputError(
                f"there is no room for {place.url} ({self.bytes / 1e9:.1f} GB) in {self.scratch} on the node "
                f"{node_name()}; make some, name another folder by --scratch, or set bounds by --scratch-gb",
                self.scratch,
            ) from error

    def _check(self, place: Place, part: Path) -> None:
        """
        Raises:
            DamagedError: what has come is not the object.
            MediaError: that has changed.
        """
        if version(place.fs.info(place.path)) != self.version:
            raise MediaError(f"{place.url} has changed since this run began; run the same command again")
        if part.stat().st_size != self.bytes:
            raise DamagedError(f"{part.stat().st_size} of {self.bytes} bytes have come")
        for name, expected in stored_checksums(place).items():
            if checksum(name, part) != expected:
                raise DamagedError(f"its {name} is not that of the object")


@dataclass(frozen=True)
class Removal:
    """The end of a run on a node: what was brought there goes."""

    scratch: Path

    def __call__(self, on_packet: Callable[[], None]) -> None:
        shutil.rmtree(self.scratch, ignore_errors=True)


def remove_earlier_runs(scratch: Path) -> None:
    """Removes what a run into the same output has left on a node that was killed: there is one at a time.

    Args:
        scratch: the folder of this run.
    """
    for other in scratch.parent.glob("*"):
        if other != scratch:
            shutil.rmtree(other, ignore_errors=True)


@contextmanager
def _alone(lock: FileLock, on_wait: Callable[[], None]) -> Iterator[None]:
    """Holds a lock, which ends with its process."""
    while True:
        try:
            lock.acquire(timeout=LOOK_S)
            break
        except Timeout:
            on_wait()
    try:
        yield
    finally:
        lock.release()
