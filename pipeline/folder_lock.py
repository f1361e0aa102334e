"""A lock on a folder, which the kernel takes back when the process ends. Windows has none on folders."""

import os
from pathlib import Path

try:
    import fcntl
except ModuleNotFoundError:
    fcntl = None


def open_folder(folder: Path) -> int | None:
    """A descriptor of a folder, which is to be closed; None where folders cannot be opened.

    Raises:
        OSError: it is gone, a link, or somebody else's.
    """
    if fcntl is None:
        return None
    return os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0))


def lock_folder(folder: int) -> None:
    """Locks an open folder, without waiting; the lock ends with its descriptor.

    Raises:
        BlockingIOError: another process holds it.
        OSError: its disk knows no locks.
    """
    flock = getattr(fcntl, "flock", None)
    if flock:
        flock(folder, getattr(fcntl, "LOCK_EX", 0) | getattr(fcntl, "LOCK_NB", 0))


def is_ours(folder: int) -> bool:
    """Whether an open folder is this user's."""
    user = getattr(os, "geteuid", None)
    return user is None or os.fstat(folder).st_uid == user()
