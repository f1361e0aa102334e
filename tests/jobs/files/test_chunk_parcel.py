"""A chunk arrives as it was sent, record, preview and pictures together, or not at all."""

from pathlib import Path

import pytest
from vidsharp.pipeline.plan import Chunk, PacketMark
from vidsharp.pipeline.workspace import Workspace

pytest.importorskip("fsspec", reason="object storage needs it")

from vidsharp.jobs.files.chunk_parcel import check, pack, unpack
from vidsharp.jobs.files.transfers import DamagedError

from tests.support.records import chunk_record

CHUNK = Chunk(3, 0, 90, PacketMark(0, 0, 0, 1), None, 2, 2)
PICTURES = bytes(range(256)) * 99


def done(folder: Path, *, preview: bytes | None = b'{"moved": 1}', pictures: bytes = PICTURES) -> Workspace:
    """A workspace with the chunk."""
    workspace = Workspace(folder, "key", "made by")
    folder.mkdir()
    if pictures:
        workspace.chunk_file(CHUNK.name).write_bytes(pictures)
    if preview is not None:
        workspace.preview_file(CHUNK.name).write_bytes(preview)
    shown = (0, 45) if pictures else ()
    record = chunk_record(shown, index=3, frames_expected=2, bytes=len(pictures), measured=({"index": 0},))
    workspace.save_record(CHUNK.name, record)
    return workspace


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("preview", [b'{"moved": 1}', None])
@pytest.mark.parametrize("pictures", [PICTURES, b""])
def test_what_is_unpacked_is_what_was_packed(tmp_path: Path, preview: bytes | None, pictures: bytes) -> None:
    here, parcel = done(tmp_path / "here", preview=preview, pictures=pictures), tmp_path / "parcel"
    pack(here, CHUNK.name, parcel)
    check(parcel)
    there = Workspace(tmp_path / "there", "key", "made by")
    there.folder.mkdir()
    unpack(parcel, there, CHUNK.name)
    assert content(there.folder) == content(here.folder)
    assert there.load_record(CHUNK) == here.load_record(CHUNK)
    assert there.load_record(CHUNK) is not None


def test_any_change_of_a_byte_and_any_cut_is_seen(tmp_path: Path) -> None:
    parcel = tmp_path / "parcel"
    pack(done(tmp_path / "here"), CHUNK.name, parcel)
    whole = parcel.read_bytes()
    for place in (0, 63, 107, 300, len(whole) // 2, len(whole) - 1):
        parcel.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(DamagedError):
            check(parcel)
    for size in (0, 50, 107, len(whole) - 1):
        parcel.write_bytes(whole[:size])
        with pytest.raises(DamagedError):
            check(parcel)
    for place in (70, 100):  # the sizes of its parts
        parcel.write_bytes(whole[:place] + b"9" + whole[place + 1 :])
        with pytest.raises(DamagedError):
            check(parcel)
