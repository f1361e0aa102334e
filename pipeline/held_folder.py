"""A temporary folder that is its process's while that lives, however it ends, and on whatever machine or container.

The folder is locked (`flock`), and the kernel takes the lock back when the process ends: unlike a process number, that
also holds between containers that share a disk, and after the machine was started again.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .owner import process_lives


@contextmanager
def held_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder in `parent` for the time of a `with` block, which nobody else may look into; its name begins with
    `prefix` and the process's number. Removes those of its kind that ended processes of this user have left.

    Raises:
        OSError: as the system says.
    """
    _remove_abandoned(parent, prefix)
    folder, lock = _new(parent, f"{prefix}{os.getpid()}-")
    try:
        yield folder
    finally:
        _remove(folder)
        os.close(lock)


def _new(parent: Path, prefix: str) -> tuple[Path, int]:
    """A folder, and the descriptor whose lock holds it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # somebody who tidies up has taken it for abandoned
            os.close(lock)
            continue
        except OSError:  # a disk without locks, where nobody can take one, either
            return folder, lock
        if folder.exists():
            return folder, lock
        os.close(lock)


def _remove_abandoned(parent: Path, prefix: str) -> None:
    for folder in parent.glob(f"{prefix}*"):
        number = folder.name.removeprefix(prefix).partition("-")[0]
        if not number.isdigit() or process_lives(int(number)):  # one of version 0.1 holds no lock
            continue
        try:
            lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except OSError:  # another user's, or a link
            continue
        try:
            if os.fstat(lock).st_uid == os.geteuid():
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # it is held, or the disk has no locks
            pass
        finally:
            os.close(lock)


def _remove(folder: Path) -> None:
    """Processes that are still ending may write into it meanwhile."""
    for _ in range(30):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)
