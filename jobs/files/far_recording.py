"""A recording on object storage, which each node of a run brings to its own disk when it first needs it."""

import errno
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
from .object_place import Place, Ticker, reading, version

ATTEMPTS = 3
"""So often is a recording brought that comes out otherwise than it was sent."""
LOOK_S = 0.5
"""How often a process looks whether another one on its node has brought the recording that both need."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


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
        for left in self.gone:
            left.unlink(missing_ok=True)
        if self._is_here():
            return
        try:
            self._remove_earlier_runs()
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

    def _remove_earlier_runs(self) -> None:
        """Removes what a run into the same output has left that was killed: there is one at a time."""
        for other in self.scratch.parent.glob("*"):
            if other != self.scratch:
                shutil.rmtree(other, ignore_errors=True)

    def _beside(self, suffix: str) -> Path:
        return self.scratch / f".{hashlib.sha256(str(self.path).encode()).hexdigest()[:16]}.{suffix}"

    def _download(self, on_part: Callable[[], None]) -> None:
        place, part = Place.of(self.url, patient=True), self._beside("part")
        try:
            with reading(place.url, MediaError):
                for last in (False,) * (ATTEMPTS - 1) + (True,):
                    try:
                        self._download_once(place, part, on_part)
                        break
                    except Exception as error:
                        if last or not _is_damage(error):
                            raise
            part.replace(self.path)
        finally:
            part.unlink(missing_ok=True)

    def _download_once(self, place: Place, part: Path, on_part: Callable[[], None]) -> None:
        try:
            place.fs.get_file(place.path, str(part), callback=Ticker(on_part))
        except OSError as error:
            if error.errno not in _FULL:
                raise
            raise OutputError(
                f"there is no room for {place.url} ({self.bytes / 1e9:.1f} GB) in {self.scratch} on the node "
                f"{node_name()}; make some, name another folder by --scratch, or set bounds by --scratch-gb",
                self.scratch,
            ) from error
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


class DamagedError(OSError):
    """What has come is not what was sent."""


def _is_damage(error: BaseException) -> bool:
    """Whether it is one, or what botocore calls so (FlexibleChecksumError), which does not come with each storage."""
    return isinstance(error, DamagedError) or "checksum" in str(error).lower()


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
