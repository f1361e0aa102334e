"""Headers say of each picture what the decoder says of it once it is decoded."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.pipeline.h264_headers import H264Headers

from tests.support import media, media_fields
from tests.support.media import Media

SMALL: dict[str, Any] = {"frames": 12, "gop": 6, "size": (160, 96), "audio": 0}


def _x264(parameters: str, **more: Any) -> tuple[Callable[..., Media], dict[str, Any]]:
    return media.call, {"options": {"x264-params": parameters}, **more}


CLIPS: dict[str, tuple[Callable[..., Media], dict[str, Any]]] = {
    "progressive": _x264(""),
    "progressive, with B pictures": _x264("", bframes=2),
    "top field first": (media.interlaced, {}),
    "bottom field first": _x264("bff=1"),
    "frames of two fields, coded progressively": _x264("fake-interlaced=1"),
    "with the delays of a reference decoder": _x264("tff=1:nal-hrd=vbr:vbv-maxrate=2000:vbv-bufsize=2000:pic-struct=1"),
    "with scaling lists": _x264("tff=1:cqm=jvt", pix_fmt="yuv444p"),
    "10 bit": (media.interlaced, {"pix_fmt": "yuv420p10le"}),
    "several slices": _x264("tff=1:slices=3"),
    "field by field": (media_fields.field_coded, {"packets": 2}),
    "field by field and frame by frame": (media_fields.field_coded, {"adaptive": True}),
    "progressive, then interlaced": (media_fields.turns_interlaced, {}),
}


@pytest.mark.parametrize("suffix", ["ts", "mp4"])
@pytest.mark.parametrize("name", CLIPS)
def test_headers_foretell_what_the_decoder_says(name: str, suffix: str, tmp_path: Path) -> None:
    build, more = CLIPS[name]
    if build is media_fields.turns_interlaced and suffix != "ts":
        pytest.skip("only a transport stream can change its parameter sets")
    path = build(tmp_path / f"a.{suffix}", **{**SMALL, **more}).path
    told: dict[int | None, bool] = {}
    with av.open(str(path)) as source:
        stream = source.streams.video[0]
        headers = H264Headers(stream.codec_context.extradata)
        for packet in source.demux(stream):
            picture = headers.read(memoryview(packet)) if packet.size else None
            if picture is not None:
                told.setdefault(packet.pts, picture.interlaced)
    told.pop(None, None)  # the second field of a picture whose time the first one has
    decoded = {frame.pts: frame.interlaced_frame for frame in media.video_frames(path)}
    assert {pts: told[pts] for pts in decoded} == decoded
    assert len(decoded) == SMALL["frames"]


def test_a_progressive_mp4_is_known_by_its_header_alone(tmp_path: Path) -> None:
    for name, interlaced, expected in [("a.mp4", False, True), ("b.mp4", True, False)]:
        path = media.call(tmp_path / name, **{**SMALL, "frames": 2, "interlaced": interlaced}).path
        with av.open(str(path)) as source:
            headers = H264Headers(source.streams.video[0].codec_context.extradata)
        assert headers.frames_only is expected
        assert not headers.in_band


@given(st.binary(max_size=80), st.lists(st.binary(max_size=80), max_size=4), st.randoms())
def test_damage_is_never_an_error(extradata: bytes, packets: list[bytes], draw: Any) -> None:
    headers = H264Headers(draw.choice([b"", b"\0\0\1", b"\1\x4d\0\x1e\xff\xe1\0\x20"]) + extradata)
    for packet in packets:
        for start in (b"", b"\0\0\1\x67", b"\0\0\1\x68", b"\0\0\1\x06\1", b"\0\0\1\x65"):
            headers.read(memoryview(start + packet))


@pytest.mark.timeout(60)
@pytest.mark.parametrize("kind", [0x67, 0x68, 0x06, 0x65])
@pytest.mark.parametrize("fill", [b"\0", b"\xff", b"\1\2"])
def test_units_of_megabytes_are_not_read_bit_by_bit(fill: bytes, kind: int) -> None:
    headers = H264Headers(None)
    headers.read(memoryview(b"\0\0\1" + bytes([kind]) + b"\x64\0\x1e" + fill * 2**23))


def test_start_codes_with_nothing_between_them_are_passed_over() -> None:
    assert H264Headers(b"\0\0\1" * 3).read(b"\0\0\1" * 3 + b"\x65") is None
