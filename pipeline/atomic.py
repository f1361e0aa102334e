"""Files that are either whole or absent, whatever happens while they are written."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from .errors import OutputError, disk_sentence
from .owner import owner_part, whose

ABANDONED_S = 24 * 3600.0
"""A temporary file of another machine that nobody has written to for so long is nobody's any more."""


def sync(path: Path) -> None:
    """Makes a file or folder survive a loss of power. Windows opens no folders, and syncs what can be written to."""
    if os.name == "nt" and path.is_dir():
        return
    handle = os.open(path, os.O_RDWR if os.name == "nt" else os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, where they are not there yet, for good.

    Raises:
        OutputError: the file system refuses.
    """
    try:
        missing = [place for place in (folder, *folder.parents) if not place.is_dir()]
        for place in reversed(missing):
            place.mkdir(exist_ok=True)
            with suppress(PermissionError):  # a folder that one may write to and not read
                sync(place.parent)
    except OSError as error:
        raise OutputError(disk_sentence(error, folder), folder) from error


def publish(temporary: Path, final: Path) -> None:
    """Gives a finished file its final name, in one step and for good.

    Raises:
        OutputError: the file system refuses.
    """
    try:
        sync(temporary)
        temporary.replace(final)
        sync(final.parent)
    except OSError as error:
        raise OutputError(disk_sentence(error, final), final) from error


def temporary_name(final: Path) -> Path:
    """A name beside `final` that no other process uses, with the same suffix."""
    # Cut, since a name at the file system's limit (255 bytes, 4 for a character) leaves no room for more.
    return final.with_name(f"{final.stem[:48]}{owner_part()}{final.suffix}")


def remove_leftovers(folder: Path) -> None:
    """Removes what processes were writing into `folder` under a `temporary_name` when they were killed. Others may be
    writing there, also from other machines and containers."""
    for path in folder.glob("*.part*"):
        with suppress(OSError):
            if _nobody_writes(path):
                path.unlink()


def _nobody_writes(path: Path) -> bool:
    owner = whose(path.name)
    return owner == "ended" or (owner == "elsewhere" and time.time() - path.stat().st_mtime > ABANDONED_S)


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a small file whole or not at all.

    Raises:
        OutputError: it cannot be written; what was there before is still there.
    """
    with written_whole(path) as temporary:
        temporary.write_bytes(data)


@contextmanager
def written_whole(path: Path, beside: Path | None = None) -> Iterator[Path]:
    """A file that the `with` block writes under the temporary name that it gets, and that is then called `path`.

    Args:
        beside: a file whose folder holds it until it is whole, on the same disk; None for `path` itself.

    Raises:
        OutputError: it cannot be written; what was there before is still there.
    """
    temporary = temporary_name(beside or path)
    try:
        yield temporary
        publish(temporary, path)
    except OSError as error:
        raise error if isinstance(error, OutputError) else OutputError(disk_sentence(error, path), path) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
