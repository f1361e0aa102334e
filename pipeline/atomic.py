"""Files that are either whole or absent, whatever happens while they are written."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from .errors import OutputError, disk_sentence

_TEMPORARY = re.compile(r"\.(\d+)-[0-9a-f]{6}\.part\b")
"""In `temporary_name`'s names, with the number of the process that writes there."""


def sync(path: Path) -> None:
    """Makes a file or folder survive a loss of power."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def make_folder(folder: Path) -> None:
    """Makes a folder and those above it, where they are not there yet.

    Raises:
        OutputError: the file system refuses.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
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
    return final.with_name(f"{final.stem[:50]}.{os.getpid()}-{os.urandom(3).hex()}.part{final.suffix}")


def remove_leftovers(folder: Path) -> None:
    """Removes what `write_atomically` was writing into `folder` when its process was killed. Other processes of this
    machine may be writing there."""
    for path in folder.glob("*.part*"):
        found = _TEMPORARY.search(path.name)
        if found and not process_lives(int(found[1])):
            with suppress(OSError):
                path.unlink()


def finished_files(folder: Path) -> Iterator[Path]:
    """The files below a folder that have their final names, in no order. Other threads and processes may be writing
    there: what they have not finished is left out, and any file may be gone when it is opened."""
    for parent, _, names in os.walk(folder):  # which passes over a folder that is gone
        yield from (Path(parent) / name for name in names if not _TEMPORARY.search(name))


def process_lives(process: int) -> bool:
    """Whether this machine has a process of that number."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        pass
    return True


def write_atomically(path: Path, data: bytes) -> None:
    """Writes a small file whole or not at all.

    Raises:
        OutputError: it cannot be written; what was there before is still there.
    """
    temporary = temporary_name(path)
    try:
        temporary.write_bytes(data)
        publish(temporary, path)
    except OSError as error:
        raise error if isinstance(error, OutputError) else OutputError(disk_sentence(error, path), path) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
