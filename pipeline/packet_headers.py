"""The headers in a packet that say how large its pictures are and how they are stored: found, but not understood.

A decoder that is fed with the packet understands it. Here it is only told whether there is anything new to decode.
"""

from collections.abc import Iterator

from .nal_units import SLICES, length_bytes, nal_units, unit_type

GUESS_BYTES = 32
"""Of a keyframe whose codec is not known here: where any of its first bytes differs, it may say something new."""

_SPS = {"h264": 7, "hevc": 33}
_SEQUENCE_OF_AV1, _FRAMES_OF_AV1 = 1, (3, 6)
_FRAME_OF_JPEG, _SCAN_OF_JPEG = (*range(0xC0, 0xC4), *range(0xC5, 0xC8), *range(0xC9, 0xCC)), 0xDA


def size_header(codec: str, payload: bytes, extradata: bytes, *, keyframe: bool) -> bytes | None:
    """The bytes of a packet on which the size and the pixel format of its pictures depend; None where it has none, so
    that they stay as they were. VP9 has a reader of its own (`vp9_header`).

    Args:
        codec: FFmpeg's name of it.
        extradata: the stream's header, from which it follows how NAL units are divided.
    """
    if codec in ("h264", "hevc"):
        return b"".join(_parameter_sets(codec, payload, extradata)) or None
    if codec in ("mpeg2video", "mpeg1video"):
        return _cut(payload, b"\0\0\1\xb3", (b"\0\0\1\xb8", b"\0\0\1\0"))
    if codec == "mpeg4":
        return _cut(payload, b"\0\0\1\x20", (b"\0\0\1\xb6", b"\0\0\1\xb3"))
    if codec == "mjpeg":
        return _jpeg_frame(payload)
    if codec == "vp8":  # RFC 6386 §9.1
        return payload[3:10] if payload[:1] and not payload[0] & 1 else None
    if codec == "prores":
        return payload[16:22]
    if codec == "av1":
        return _av1_sequence(payload) if keyframe else None
    return payload[:GUESS_BYTES] if keyframe else None


def is_exact(codec: str) -> bool:
    """Whether equal headers and only they mean the same; else many a keyframe looks new and is not."""
    return codec in ("h264", "hevc", "mpeg2video", "mpeg1video", "mpeg4", "mjpeg", "vp8", "prores")


def _parameter_sets(codec: str, payload: bytes, extradata: bytes) -> Iterator[bytes]:
    for unit in nal_units(payload, length_bytes(codec, extradata)):
        kind = unit_type(codec, unit)
        if kind == _SPS[codec]:
            yield unit
        elif kind in SLICES[codec]:
            return


def _cut(payload: bytes, start: bytes, ends: tuple[bytes, ...]) -> bytes | None:
    begin = payload.find(start)
    if begin < 0:
        return None
    found = [place for place in (payload.find(end, begin + 4) for end in ends) if place >= 0]
    return payload[begin : min(found, default=len(payload))]


def _jpeg_frame(payload: bytes) -> bytes | None:
    """The start-of-frame segment (ITU-T T.81 annex B)."""
    at = 2
    while at + 4 <= len(payload) and payload[at] == 0xFF and payload[at + 1] != _SCAN_OF_JPEG:
        size = int.from_bytes(payload[at + 2 : at + 4], "big")
        if payload[at + 1] in _FRAME_OF_JPEG:
            return payload[at : at + 2 + size]
        at += 2 + size
    return None


def _av1_sequence(payload: bytes) -> bytes:
    """The sequence header, and the beginning of the frame's, which may set another size (AV1 specification §5.3)."""
    at, header = 0, b""
    while at < len(payload):
        kind, extended, sized = payload[at] >> 3 & 15, payload[at] >> 2 & 1, payload[at] >> 1 & 1
        at += 1 + extended
        size = shift = 0
        while sized and at < len(payload):
            byte = payload[at]
            size |= (byte & 0x7F) << shift
            at, shift = at + 1, shift + 7
            if not byte & 0x80:
                break
        end = at + size if sized else len(payload)
        if kind == _SEQUENCE_OF_AV1:
            header += payload[at:end]
        elif kind in _FRAMES_OF_AV1:
            return header + payload[at : min(end, at + 16)]
        at = end
    return header
