"""Names a clip's work by what decides its result: work for another input or other settings is not reused.

Work in progress is bound to the recording's very state, and to the libraries. A finished result is bound to the
recording's content alone: one that was moved or touched, or a newer version of vidsharp, does not undo it.

A recording's state is seen without opening it (`Seen`), by the thousand; its content has to be read (`Source`), which
workers do.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from stat import S_ISREG
from typing import Any

import av

from .errors import MediaError
from .file_ends import ENDS_BYTES, hash_ends

BLOCKS = 16
"""So many are read between both ends of a recording, to tell contents apart."""


@dataclass(frozen=True)
class Seen:
    """What is known of a recording without opening it."""

    place: str
    """Where it is: its absolute path or its URL."""
    state: str
    """A digest that changes whenever it is written to: of its size and time of modification, or of its entity tag."""
    bytes: int
    content: str | None = None
    """As that of `Source`, where the state tells it: an entity tag is made of what it holds."""


@dataclass(frozen=True)
class Source:
    """The features that tell one recording from another."""

    place: str
    """As that of `Seen`; so are `state` and `bytes`."""
    content: str
    """A digest of what it holds; the same wherever it is and whenever it was written."""
    bytes: int
    beginning: Callable[[int], str]
    """The digest of its first so many bytes. Raises MediaError where they cannot be read."""
    state: str


@dataclass(frozen=True)
class Fingerprint:
    """What a recording was when its result was made, as tables keep it."""

    content: str
    beginning_bytes: int
    beginning: str
    """The digest of so many of its first bytes."""
    state: str = ""
    """Empty in tables of versions that did not keep it."""

    @classmethod
    def of(cls, source: Source) -> "Fingerprint":
        """
        Raises:
            MediaError: the recording cannot be read.
        """
        count = min(ENDS_BYTES, source.bytes)
        return cls(source.content, count, source.beginning(count), source.state)

    @classmethod
    def parse(cls, text: str) -> "Fingerprint":
        """The inverse of `str`."""
        content, count, beginning, *state = text.split("-")
        return cls(content, int(count), beginning, *state)

    def __str__(self) -> str:
        return f"{self.content}-{self.beginning_bytes}-{self.beginning}-{self.state}"


def see(path: Path, place: str) -> Seen:
    """What is known of a recording on disk without opening it.

    Args:
        place: what the path is called in tables.

    Raises:
        MediaError: there is none.
    """
    with _reading(path) as state:
        return Seen(place, digest_of(f"{state.st_size} {state.st_mtime_ns}".encode()), state.st_size)


def check_unchanged(path: Path, seen: Seen) -> None:
    """Checks that a recording is as it was seen: an object in its place, which was checked when it was brought, passes.

    Raises:
        MediaError: it was written to, or is gone.
    """
    if seen.content is None and see(path, seen.place) != seen:
        raise MediaError(
            f"{path} was written to while it was worked on; run the same command again when it is whole", path
        )


def read_source(path: Path, seen: Seen) -> Source:
    """The features of a recording that was seen. Its content is told by its size, its first and last mebibyte, and
    blocks in between: a terabyte takes no longer than a gigabyte.

    Raises:
        MediaError: the recording cannot be read.
    """
    content = seen.content
    if content is None:
        with _reading(path) as state, path.open("rb") as file:
            digest = hashlib.sha256(str(state.st_size).encode())
            hash_ends(digest, file, state.st_size, BLOCKS)
        content = digest.hexdigest()[:24]
    return Source(seen.place, content, seen.bytes, lambda count: beginning_digest(path, count), seen.state)


def source_of(path: Path, place: str) -> Source:
    """The features of a recording on disk: as `see` and `read_source`.

    Raises:
        MediaError: the recording cannot be read.
    """
    return read_source(path, see(path, place))


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
    """The key of version 0.1, by which its finished clips are known: of a recording's size, time of modification and
    ends, the settings, and the versions of the media libraries.

    Raises:
        MediaError: the recording cannot be read.
    """
    digest = _of_settings(settings)
    with _reading(path) as state, path.open("rb") as file:
        digest.update(f"{state.st_size} {state.st_mtime_ns}".encode())
        hash_ends(digest, file, state.st_size)
    return digest.hexdigest()[:24]


class StateKeys:
    """Short names for inputs in their present states and the settings that their results depend on. The versions of
    the media libraries belong to the settings: chunks of two encoder versions do not join."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._settings = _of_settings(settings)

    def __call__(self, state: str) -> str:
        """
        Args:
            state: as that of `Seen`.
        """
        digest = self._settings.copy()
        digest.update(state.encode())
        return digest.hexdigest()[:24]


def result_key(content: str, settings: Mapping[str, Any]) -> str:
    """A short name for what a finished result was made of: a recording's content, and the settings. Versions and
    machines do not count: what is finished stays finished."""
    return digest_of(json.dumps([content, dict(settings)], sort_keys=True, default=str).encode())


@contextmanager
def _reading(path: Path) -> Iterator[os.stat_result]:
    try:
        state = path.stat()
        if not S_ISREG(state.st_mode):  # reading a pipe would wait for its writer
            raise MediaError(f"{path} cannot be read: it is a folder, a pipe or a device, and no file", path)
        yield state
    except OSError as error:
        if isinstance(error, MediaError):
            raise
        raise MediaError(f"{path} cannot be read: {error.strerror or error}", path) from error


def _of_settings(settings: Mapping[str, Any]) -> "hashlib._Hash":
    libraries = {name: list(version) for name, version in av.library_versions.items()}
    return hashlib.sha256(json.dumps([dict(settings), libraries], sort_keys=True, default=str).encode())
