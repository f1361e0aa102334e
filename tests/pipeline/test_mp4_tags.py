"""Tags of any name are added to MP4 and MOV files, and nothing else of them changes."""

import struct
from pathlib import Path

import av
import pytest
from vidsharp.pipeline.errors import OutputError
from vidsharp.pipeline.mp4_tags import append_tags, with_tags

from tests.support import media

_TAGS = {"VIDSHARP_VERSION": "9.9", "VIDSHARP_STUDENT": "größer, 大"}


def _tags(path: Path) -> dict[str, str]:
    with av.open(str(path)) as container:
        return dict(container.metadata)


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.3gp"])
def test_tags_are_added_and_nothing_else_changes(tmp_path: Path, name: str) -> None:
    path = media.call(tmp_path / name, size=(64, 48), frames=30).path
    tags, packets = _tags(path), media.stream_packets(path)
    append_tags(path, _TAGS)
    assert _tags(path) == {**tags, **_TAGS}
    assert media.stream_packets(path) == packets


def test_a_second_time_adds_to_the_first(tmp_path: Path) -> None:
    path = media.call(tmp_path / "a.mp4", size=(64, 48), frames=30).path
    append_tags(path, {"ONE": "1"})
    append_tags(path, {"TWO": "2"})
    assert _tags(path).items() >= {"ONE": "1", "TWO": "2"}.items()


def test_lists_that_are_not_there_are_made_and_others_stay() -> None:
    other = struct.pack(">I4s", 12, b"mvhd") + b"abcd"
    strings = struct.pack(">I4s", 12, b"\xa9nam") + b"efgh"
    udta = struct.pack(">I4s", 8 + len(strings), b"udta") + strings
    bare, beside = with_tags(other, {"A": "b"}), with_tags(udta + other, {"A": "b"})
    assert bare.startswith(other)
    assert b"ilst" in bare
    assert strings in beside
    assert beside.endswith(other)
    (size,) = struct.unpack_from(">I", beside)
    assert size + len(other) == len(beside)


@pytest.mark.parametrize("content", [b"", b"abc", b"\0\0\0\0moov", struct.pack(">I4s", 8, b"moov") + b"\0\0\0\7mdat"])
def test_what_does_not_end_with_its_header_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    append_tags(path, _TAGS)
    assert path.read_bytes() == content


def test_a_file_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        append_tags(tmp_path / "a.mp4", _TAGS)
