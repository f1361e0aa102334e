"""Names a clip's work by what decides its result: work for another input or other settings is not reused.

Work in progress is bound to the recording's very state, and to the libraries. A finished result is bound to the
recording's content alone: one that was moved or touched, or a newer version of vidsharp, does not undo it.
"""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Any

import av

from .errors import MediaError
from .file_ends import hash_ends

BLOCKS = 16
"""So many are read between both ends of a recording, to tell contents apart."""


@dataclass(frozen=True)
class Source:
    """The features that tell one recording from another."""

    place: str
    """Where it is: its absolute path or its URL."""
    content: str
    """A digest of what it holds; the same wherever it is and whenever it was written."""
    bytes: int
    beginning: Callable[[int], str]
    """The digest of its first so many bytes. Raises MediaError where they cannot be read."""


def source_of(path: Path, place: str) -> Source:
    """The features of a recording on disk. Its content is told by its size, its first and last mebibyte, and blocks
    in between: a terabyte takes no longer than a gigabyte.

    Args:
        place: what the path is called in tables.

    Raises:
        MediaError: the recording cannot be read.
    """
    with _reading(path):
        size = path.stat().st_size
        digest = hashlib.sha256(str(size).encode())
        with path.open("rb") as file:
            hash_ends(digest, file, size, BLOCKS)
    return Source(place, digest.hexdigest()[:24], size, lambda count: beginning_digest(path, count))


def beginning_digest(path: Path, count: int) -> str:
    """The digest of a recording's first `count` bytes.

    Raises:
        MediaError: the recording cannot be read.
    """
    with _reading(path), path.open("rb") as file:
        return digest_of(file.read(count))


def digest_of(data: bytes) -> str:
    """A short digest of some bytes."""
    return hashlib.sha256(data).hexdigest()[:24]


def clip_key(path: Path, settings: Mapping[str, Any]) -> str:
    """A short name for an input in its present state and the settings that its result depends on.

    The input counts as changed when its size, its time of modification, or its first or last mebibyte is another. The
    versions of the media libraries belong to the settings: chunks of two encoder versions do not join.

    Raises:
        MediaError: the recording cannot be read.
    """
    digest = _of_settings(settings)
    with _reading(path):
        state = path.stat()
        digest.update(f"{state.st_size} {state.st_mtime_ns}".encode())
        with path.open("rb") as file:
            hash_ends(digest, file, state.st_size)
    return digest.hexdigest()[:24]


def state_key(state: str, settings: Mapping[str, Any]) -> str:
    """As `clip_key`, for an input whose state is known without reading it, such as an object with an entity tag."""
    digest = _of_settings(settings)
    digest.update(state.encode())
    return digest.hexdigest()[:24]


def result_key(content: str, settings: Mapping[str, Any]) -> str:
    """A short name for what a finished result was made of: a recording's content, and the settings. Versions and
    machines do not count: what is finished stays finished."""
    return digest_of(json.dumps([content, dict(settings)], sort_keys=True, default=str).encode())


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        if not S_ISREG(path.stat().st_mode):  # reading a pipe would wait for its writer
            raise MediaError(f"{path} cannot be read: it is a folder, a pipe or a device, and no file", path)
        yield
    except OSError as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(f"{path} cannot be read: {error.strerror or error}", path) from error


def _of_settings(settings: Mapping[str, Any]) -> "hashlib._Hash":
    libraries = {name: list(version) for name, version in av.library_versions.items()}
    return hashlib.sha256(json.dumps([dict(settings), libraries], sort_keys=True, default=str).encode())
