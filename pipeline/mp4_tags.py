"""Tags of any name in MP4 and MOV: FFmpeg's muxers write those that they know, and leave out the others.

They are written as the freeform items that tagging programs use (`----` in `moov/udta/meta/ilst`), which FFmpeg reads
back as ordinary metadata. FFmpeg puts `moov` last, so it can grow without moving what it points to.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

from .errors import OutputError, disk_sentence

_MEAN = b"com.apple.iTunes"
"""The domain of names that tagging programs show."""
_HANDLER = bytes(8) + b"mdirappl" + bytes(9)
"""Of `hdlr`: its version and flags, and that what follows is a list of tags."""
_CONTENT_OF_META = 4
"""Its version and flags, before its boxes."""


def append_tags(path: Path, tags: Mapping[str, str]) -> None:
    """Adds tags to a whole MP4 or MOV file; nothing where its `moov` box is not the last one.

    Raises:
        OutputError: the file cannot be written.
    """
    if not tags:
        return
    try:
        with path.open("r+b") as file:
            place = _place_of_last(file, b"moov")
            if place is None:
                return
            file.seek(place)
            moov = file.read()
            file.seek(place)
            file.write(_box(b"moov", with_tags(moov[8:], tags)))
    except OSError as error:
        raise OutputError(disk_sentence(error, path), path) from error


def with_tags(moov: bytes, tags: Mapping[str, str]) -> bytes:
    """The content of a `moov` box with tags beside those that it has."""
    items = b"".join(_item(name, text) for name, text in tags.items())
    return _changed(moov, b"udta", lambda udta: _changed(udta, b"meta", lambda meta: _listed(meta, items)))


def _listed(meta: bytes, items: bytes) -> bytes:
    start, boxes = meta[:_CONTENT_OF_META], meta[_CONTENT_OF_META:]
    if not meta:
        start, boxes = bytes(_CONTENT_OF_META), _box(b"hdlr", _HANDLER)
    return start + _changed(boxes, b"ilst", lambda ilst: ilst + items)


def _changed(boxes: bytes, kind: bytes, change: Callable[[bytes], bytes]) -> bytes:
    """Boxes one after the other, of which the first of a kind has other content; one is added where there is none."""
    for start, content, end, found in _boxes(boxes):
        if found == kind:
            return boxes[:start] + _box(kind, change(boxes[content:end])) + boxes[end:]
    return boxes + _box(kind, change(b""))


def _boxes(data: bytes) -> Iterator[tuple[int, int, int, bytes]]:
    """Of each box: where it starts, where its content does, where it ends, and its kind."""
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if not 8 <= size <= len(data) - at:
            return  # QuickTime may end a list with zeros
        yield at, at + 8, at + size, kind
        at += size


def _place_of_last(file: BinaryIO, kind: bytes) -> int | None:
    """Where the last box of a file is, if it is of this kind."""
    end = file.seek(0, 2)
    at, found = 0, None
    while at + 8 <= end:
        file.seek(at)
        size, found = struct.unpack(">I4s", file.read(8))
        if size == 1:
            (size,) = struct.unpack(">Q", file.read(8))
        if size < 8:
            return None
        if at + size == end:
            return at if found == kind else None
        at += size
    return None


def _item(name: str, text: str) -> bytes:
    plain_text = struct.pack(">II", 1, 0)
    parts = ((b"mean", bytes(4) + _MEAN), (b"name", bytes(4) + name.encode()), (b"data", plain_text + text.encode()))
    return _box(b"----", b"".join(_box(kind, content) for kind, content in parts))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content
