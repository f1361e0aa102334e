"""The lock on an output folder: one run at a time writes there. It ends with its process."""

from contextlib import suppress
from pathlib import Path

from filelock import FileLock, Timeout

from ...pipeline.atomic import make_folder
from ...pipeline.errors import OutputError, disk_sentence
from ..config import UsageError
from ..files.clips import WORK_FOLDER
from ..files.output_paths import check_output_folder


class OutputTaken(UsageError):
    """Another run is writing to the output folder."""


class RunLock:
    """A run's lock on its output folder, held from the start.

    Args:
        shown: what people call the output folder.

    Raises:
        OutputTaken: another run is writing there.
        UsageError: the folder cannot be used.
    """

    def __init__(self, out: Path, shown: object) -> None:
        self.work_root = out.absolute() / WORK_FOLDER
        """The folder for work below the output folder."""
        self.file = self.work_root / "lock"
        try:
            check_output_folder(out.absolute())
            make_folder(out.absolute())  # on its own, so that an error names the folder that was asked for
            make_folder(self.work_root)
            self._lock = FileLock(self.file)
            self._lock.acquire(timeout=0)
        except Timeout as error:
            sentence = f"another vidsharp is writing to {shown}; wait for it, or choose another --out"
            raise OutputTaken(sentence) from error
        except OutputError as error:
            raise UsageError(str(error)) from error
        except OSError as error:
            raise UsageError(disk_sentence(error, out)) from error

    def release(self) -> None:
        """Lets other runs in, and removes the folder for work where it is empty."""
        with suppress(OSError):  # the disk may have become read-only, or the folder be gone
            self.file.unlink()  # while it is held: who waits for it must not get a deleted file
        self._lock.release()
        with suppress(OSError):
            self.work_root.rmdir()  # unless it still holds work
