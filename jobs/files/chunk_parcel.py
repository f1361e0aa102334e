"""A finished chunk as one file, to be sent: its record, its preview and its pictures, with a checksum of all three.

Whoever has such a file has a whole chunk, whose record is that of these very pictures.
"""

import hashlib
import shutil
from pathlib import Path
from typing import BinaryIO, Protocol

from ...pipeline.atomic import publish, temporary_name, write_atomically
from ...pipeline.errors import OutputError, disk_sentence
from ...pipeline.workspace import Workspace
from .transfers import DamagedError

_HEAD = 64 + 1 + 20 + 1 + 20 + 1
"""Bytes of the first line: a SHA-256, of all that follows the line and then of the sizes; the sizes of record and
preview."""
_PIECE = 1 << 22


class _Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


def pack(workspace: Workspace, chunk: str, parcel: Path) -> None:
    """Makes the file of a chunk that is done.

    Raises:
        OutputError: it cannot be written.
    """
    files = workspace.record_file(chunk), workspace.preview_file(chunk), workspace.chunk_file(chunk)
    try:
        digest, sizes = hashlib.sha256(), list[int]()
        with parcel.open("wb") as target:
            target.write(bytes(_HEAD))
            for file in files:
                before = target.tell()
                if file.exists():  # no preview where nothing was measured, no pictures where none decodes
                    with file.open("rb") as source:
                        _copy(source, target, digest)
                sizes.append(target.tell() - before)
            said = f" {sizes[0]:020d} {sizes[1]:020d}\n".encode()
            digest.update(said)
            target.seek(0)
            target.write(digest.hexdigest().encode() + said)
    except OSError as error:
        raise OutputError(disk_sentence(error, parcel), parcel) from error


def check(parcel: Path) -> None:
    """
    Raises:
        DamagedError: the file is not what `pack` has made.
    """
    with parcel.open("rb") as source:
        head, digest = source.read(_HEAD), hashlib.sha256()
        _copy(source, None, digest)
    digest.update(head[64:])
    if head[:64] != digest.hexdigest().encode():
        raise DamagedError("a chunk's checksum is not that of what has come")


def unpack(parcel: Path, workspace: Workspace, chunk: str) -> None:
    """Has the chunk be done in a workspace.

    Args:
        parcel: of which `check` says that it is whole.

    Raises:
        OutputError: it cannot be written.
    """
    final = workspace.chunk_file(chunk)
    temporary = temporary_name(final)
    try:
        with parcel.open("rb") as source:
            _, record_bytes, preview_bytes = source.read(_HEAD).split()
            record, preview = source.read(int(record_bytes)), source.read(int(preview_bytes))
            with temporary.open("wb") as target:
                shutil.copyfileobj(source, target, _PIECE)
        if temporary.stat().st_size:
            publish(temporary, final)
        if preview:
            write_atomically(workspace.preview_file(chunk), preview)
        write_atomically(workspace.record_file(chunk), record)  # the last: it says that the chunk is done
    except OSError as error:
        raise error if isinstance(error, OutputError) else OutputError(disk_sentence(error, final), final) from error
    finally:
        temporary.unlink(missing_ok=True)


def _copy(source: BinaryIO, target: BinaryIO | None, digest: _Digest) -> None:
    while piece := source.read(_PIECE):
        digest.update(piece)
        if target is not None:
            target.write(piece)
