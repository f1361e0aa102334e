"""The lock on an output folder: one run at a time writes there, or one for each shard. It ends with its process."""

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ...pipeline.atomic import make_folder
from ...pipeline.errors import OutputError, disk_sentence
from ..config import UsageError
from ..files.clips import WORK_FOLDER
from ..files.output_paths import check_output_folder
from ..shard import Shard

ALL = Shard(0, 1)
"""What a run without shards does."""
TRIES = 10
"""So often the folder for work is made, which another run that ends may remove each time."""


class OutputTaken(UsageError):
    """Another run is writing to the output folder."""


class RunLock:
    """A run's lock on its output folder, or on its shard there, held from the start.

    Runs side by side have a shard each, of the same number of shards: then no clip is in two of them.

    Args:
        shown: what people call the output folder.
        shard: the run's; None for all recordings.

    Raises:
        OutputTaken: another run is writing there.
        UsageError: the folder cannot be used.
    """

    def __init__(self, out: Path, shown: object, shard: Shard | None = None) -> None:
        self.work_root = out.absolute() / WORK_FOLDER
        """The folder for work below the output folder."""
        self._shown = shown
        self._shard = shard or ALL
        self.file = self.work_root / file_name(self._shard)
        self._lock = FileLock(self.file)
        try:
            check_output_folder(out.absolute())
            make_folder(out.absolute())  # on its own, so that an error names the folder that was asked for
            self._acquire()
            # Its own lock first: of two that begin at once, each sees the other, or one does.
            self._check_others()
        except OutputTaken:
            raise
        except Timeout as error:
            raise self._taken(self._shard) from error
        except OutputError as error:
            raise UsageError(str(error)) from error
        except OSError as error:
            raise UsageError(disk_sentence(error, out)) from error

    def _acquire(self) -> None:
        for last in (False,) * (TRIES - 1) + (True,):
            make_folder(self.work_root)
            try:
                self._lock.acquire(timeout=0)
                return
            except FileNotFoundError:
                if last:
                    raise

    def _check_others(self) -> None:
        for file, other in self._others():
            try:
                with FileLock(file, timeout=0), suppress(OSError):
                    file.unlink()  # its run was killed
            except Timeout as error:
                self.release()
                raise self._taken(other) from error

    def _others(self) -> Iterator[tuple[Path, Shard]]:
        """The lock files of runs that may share clips with this one."""
        for file in self.work_root.glob("lock*"):
            shard = shard_of(file.name)
            if shard is not None and shard.count != self._shard.count:
                yield file, shard

    def _taken(self, shard: Shard) -> OutputTaken:
        return OutputTaken(taken_sentence(self._shown, shard, self._shard))

    def release(self) -> None:
        """Lets other runs in, and removes the folder for work where it is empty."""
        with suppress(OSError):  # the disk may have become read-only, or the folder be gone
            self.file.unlink()  # while it is held: who waits for it must not get a deleted file
        self._lock.release()
        with suppress(OSError):
            self.work_root.rmdir()  # unless it still holds work


def taken_sentence(shown: object, shard: Shard, wanted: Shard) -> str:
    """What is said of an output folder where another run has `shard`, and this one wants another or the same."""
    whose = "" if shard == ALL else f" as shard {shard}"
    apart = "" if shard.count == wanted.count else " (side by side, all say --shard I/N with one N)"
    return f"another vidsharp is writing to {shown}{whose}{apart}; wait for it, or choose another --out"


def file_name(shard: Shard) -> str:
    """The name of a shard's lock."""
    return "lock" if shard == ALL else f"lock-{shard.index}-of-{shard.count}"


def shard_of(name: str) -> Shard | None:
    """The shard of which a file is the lock; None of other files."""
    return ALL if name == "lock" else Shard.parse(name.removeprefix("lock-").replace("-of-", "/"))
