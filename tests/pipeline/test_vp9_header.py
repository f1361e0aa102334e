"""VP9 headers give the sizes that a decoder gives, also of pictures that change between keyframes."""

from pathlib import Path

import av
import pytest
from vidsharp.pipeline.vp9_header import Vp9Headers, Vp9Picture

from tests.support import media, media_sizes


def _bits(*fields: tuple[int, int]) -> bytes:
    """Fields of (value, bits), and bytes of picture data behind."""
    text = "".join(f"{value:0{bits}b}" for value, bits in fields if bits)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big") + b"\x55" * 8


def keyframe(width: int, height: int, *, shown: int = 1) -> bytes:
    colour = ((1, 3), (0, 1))
    return _bits(
        (2, 2), (0, 2), (0, 1), (0, 1), (shown, 1), (0, 1), (0x498342, 24), *colour, (width - 1, 16), (height - 1, 16)
    )


def inter(refreshed: int, found: int | None, size: tuple[int, int] = (0, 0)) -> bytes:
    """References are the slots 0, 1 and 2; `found`: of which of them it takes the size; None: it names its own."""
    references = [field for slot in range(3) for field in ((slot, 3), (0, 1))]
    flags = [(0, 1)] * 3 if found is None else [*[(0, 1)] * found, (1, 1)]
    own = [] if found is not None else [(size[0] - 1, 16), (size[1] - 1, 16)]
    return _bits((2, 2), (0, 2), (0, 1), (1, 1), (1, 1), (0, 1), (0, 2), (refreshed, 8), *references, *flags, *own)


def superframe(*frames: bytes) -> bytes:
    marker = bytes([0xC0 | 1 << 3 | len(frames) - 1])
    sizes = b"".join(len(frame).to_bytes(2, "little") for frame in frames)
    return b"".join(frames) + marker + sizes + marker


def _sizes(headers: Vp9Headers, packet: bytes) -> list[tuple[int, int]]:
    return [(picture.width, picture.height) for picture in headers.pictures(packet)]


def test_pictures_take_their_size_from_references_or_name_it() -> None:
    headers = Vp9Headers()
    assert headers.pictures(keyframe(320, 180)) == [Vp9Picture(320, 180, "yuv420p", keyframe=True)]
    assert _sizes(headers, inter(0b010, None, (640, 360))) == [(640, 360)]
    assert _sizes(headers, inter(0b100, 0)) == [(320, 180)]
    assert _sizes(headers, inter(0b001, 1)) == [(640, 360)]
    assert _sizes(headers, inter(0, 0)) == [(640, 360)]
    assert _sizes(headers, _bits((2, 2), (0, 2), (1, 1), (2, 3))) == [(320, 180)], "an existing picture is shown"


def test_spatial_layers_are_several_pictures_of_one_packet() -> None:
    headers = Vp9Headers()
    assert _sizes(headers, superframe(keyframe(320, 180), inter(0b010, None, (640, 360)))) == [(320, 180), (640, 360)]
    assert _sizes(headers, superframe(keyframe(320, 180, shown=0), inter(0, 0))) == [(320, 180)]


@pytest.mark.parametrize("packet", [b"", b"\x80", b"\xff" * 9, keyframe(9, 9)[:6], b"\0" * 40])
def test_what_makes_no_sense_shows_nothing(packet: bytes) -> None:
    assert Vp9Headers().pictures(packet) == []


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p"])
def test_it_agrees_with_a_decoder(pix_fmt: str, tmp_path: Path) -> None:
    clip = media_sizes.ramp(tmp_path / "a.webm", codec="libvpx-vp9", pix_fmt=pix_fmt)
    headers = Vp9Headers()
    with av.open(str(clip.path)) as source:
        packets = [bytes(packet) for packet in source.demux(source.streams.video[0]) if packet.size]
    found = [(p.width, p.height, p.pix_fmt) for packet in packets for p in headers.pictures(packet)]
    assert found == [(f.width, f.height, f.format.name) for f in media.video_frames(clip.path)]
