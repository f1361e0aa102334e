"""HEVC with what stands beside its pictures: an HDR10+ message before each (SMPTE ST 2094-40), or a second layer."""

from pathlib import Path
from typing import Any

from av.sidedata.sidedata import Type as SideData

from tests.support import media
from tests.support.media import Media

_SEI_PREFIX, _REGISTERED_T35 = 39, 4
_VCL = range(32)


def bits(*fields: tuple[int, int]) -> bytes:
    """Fields of (value, bits) as bytes, filled up with zeros."""
    text = "".join(f"{value:0{count}b}" for value, count in fields)
    return int(text.ljust(-(-len(text) // 8) * 8, "0"), 2).to_bytes(-(-len(text) // 8), "big")


def escaped(raw: bytes) -> bytes:
    """With emulation prevention bytes (ITU-T H.265 §7.4.2)."""
    out, zeros = bytearray(), 0
    for byte in raw:
        if zeros >= 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)


def message(number: int) -> bytes:
    """The HDR10+ SEI NAL unit of picture `number`, whose target luminance is 400 + number cd/m²."""
    # SMPTE ST 2094-40: one window, MaxSCL of three components, average, no percentiles, curves or actual peaks.
    fields = [(1, 2), (400 + number, 27), (0, 1), *[(1000, 17)] * 3, (500, 17), (0, 4), (0, 10), (0, 1), (0, 1), (0, 1)]
    payload = bytes.fromhex("b5003c00010401") + bits(*fields)
    sei = bytes([_REGISTERED_T35, len(payload)]) + payload + b"\x80"
    return bytes([_SEI_PREFIX << 1, 1]) + escaped(sei)


def hdr10_plus(path: Path, *, codec: str = "libx265", **more: Any) -> Media:
    """HEVC Main 10 with an HDR10+ message of its own before each picture (.mkv, .mp4, .ts)."""
    clip = media.hdr10(path, codec=codec, **{"audio": 0, **more})
    order = _presentation_order(path)

    def insert(number: int, payload: bytes) -> bytes:
        return before_slices(payload, [message(order[number])], lengths=path.suffix != ".ts")

    media._rewrite(path, insert)
    return clip


def before_slices(payload: bytes, units: list[bytes], *, lengths: bool) -> bytes:
    """A packet with NAL units put before its first slice, divided by `lengths` or by start codes."""
    if not lengths:
        at = payload.find(b"\0\0\1")
        while payload[at + 3] >> 1 & 63 not in _VCL:
            at = payload.find(b"\0\0\1", at + 3)
        return payload[:at] + b"".join(b"\0\0\1" + unit for unit in units) + payload[at:]
    at = 0
    while payload[at + 4] >> 1 & 63 not in _VCL:
        at += 4 + int.from_bytes(payload[at : at + 4], "big")
    return payload[:at] + b"".join(len(unit).to_bytes(4, "big") + unit for unit in units) + payload[at:]


def _presentation_order(path: Path) -> list[int]:
    """The place in presentation order of each packet's picture."""
    stamps = [packet[0] or 0 for packet in media.stream_packets(path)[0]]
    ranks = {stamp: rank for rank, stamp in enumerate(sorted(stamps))}
    return [ranks[stamp] for stamp in stamps]


def hdr10_plus_of(path: Path) -> list[bytes | None]:
    """The HDR10+ metadata of each picture, as FFmpeg's decoder gives it; None where there is none."""
    found: list[bytes | None] = []
    for frame in media.video_frames(path):
        data: dict[Any, Any] = {part.type: part for part in frame.side_data}  # type: ignore[attr-defined]
        part = data.get(SideData.DYNAMIC_HDR_PLUS)
        found.append(bytes(memoryview(part)) if part is not None else None)
    return found
