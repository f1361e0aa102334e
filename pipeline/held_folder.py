"""A temporary folder that is its process's while that lives, however it ends, and on whatever machine or container.

The folder is locked (`flock`), and the kernel takes the lock back when the process ends: unlike a process number, that
also holds between containers that share a disk, and after the machine was started again. Where the system locks no
folders, the process number in its name says all.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .folder_lock import is_ours, lock_folder, open_folder
from .process_lives import process_lives


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
        _close(lock)


def _new(parent: Path, prefix: str) -> tuple[Path, int | None]:
    """A folder, and the descriptor whose lock holds it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
        lock = open_folder(folder)
        if lock is None:
            return folder, None
        try:
            lock_folder(lock)
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
            lock = open_folder(folder)
        except OSError:  # another user's, or a link
            continue
        try:
            if lock is None:
                shutil.rmtree(folder, ignore_errors=True)
            elif is_ours(lock):
                lock_folder(lock)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # it is held, or the disk has no locks
            pass
        finally:
            _close(lock)


def _close(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)


def _remove(folder: Path) -> None:
    """Processes that are still ending may write into it meanwhile."""
    for _ in range(30):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(0.1)
