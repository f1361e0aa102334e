"""Names a clip's work by what decides its result: work for another input or other settings is not reused."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from stat import S_ISREG
from typing import Any

import av

from .errors import MediaError

SAMPLE_BYTES = 1 << 20
"""Read at the beginning and at the end of a recording; hashing all of a terabyte would take longer than sharpening."""


def clip_key(path: Path, settings: Mapping[str, Any]) -> str:
    """A short name for an input in its present state and the settings that its result depends on.

    The input counts as changed when its size, its time of modification, or its first or last mebibyte is another. The
    versions of the media libraries belong to the settings: chunks of two encoder versions do not join.

    Raises:
        MediaError: the recording cannot be read.
    """
    digest = _of_settings(settings)
    try:
        state = path.stat()
        if not S_ISREG(state.st_mode):  # reading a pipe would wait for its writer
            raise MediaError(f"{path} cannot be read: it is a folder, a pipe or a device, and no file", path)
        digest.update(f"{state.st_size} {state.st_mtime_ns}".encode())
        with path.open("rb") as file:
            digest.update(file.read(SAMPLE_BYTES))
            file.seek(max(0, state.st_size - SAMPLE_BYTES))
            digest.update(file.read(SAMPLE_BYTES))
    except OSError as error:
        raise MediaError(f"{path} cannot be read: {error.strerror or error}", path) from error
    return digest.hexdigest()[:24]


def state_key(state: str, settings: Mapping[str, Any]) -> str:
    """As `clip_key`, for an input whose state is known without reading it, such as an object with an entity tag."""
    digest = _of_settings(settings)
    digest.update(state.encode())
    return digest.hexdigest()[:24]


def _of_settings(settings: Mapping[str, Any]) -> "hashlib._Hash":
    libraries = {name: list(version) for name, version in av.library_versions.items()}
    return hashlib.sha256(json.dumps([dict(settings), libraries], sort_keys=True, default=str).encode())
