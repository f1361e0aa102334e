"""HDR10+ (SMPTE ST 2094-40): messages beside HEVC pictures, taken from a stream's packets and put into new ones.

Encoders here drop them. Each says how bright a picture's parts are, which sharpening does not change by much.
"""

from av.packet import Packet

from .nal_units import SLICES, escaped, length_bytes, nal_units, sei_messages, unescaped, unit_type

_SEI_PREFIX, _REGISTERED_T35 = 39, 4
_HDR10_PLUS = bytes.fromhex("b5003c000104")
"""Country, provider and application (CTA-861-H annex S)."""


class Messages:
    """The messages of a chunk's pictures, by the time of their packets."""

    def __init__(self) -> None:
        self._by_time: dict[int, bytes] = {}

    def note(self, packet: Packet) -> None:
        """Keeps the message of one of the recording's HEVC packets, if it has one."""
        time = packet.pts if packet.pts is not None else packet.dts
        context = packet.stream.codec_context
        if time is not None and context is not None:
            unit = _message(bytes(packet), length_bytes("hevc", context.extradata or b""))
            if unit is not None:
                self._by_time[time] = unit

    def take(self, time: int | None) -> bytes | None:
        """The message of the picture at `time`, as a NAL unit; once."""
        return self._by_time.pop(time, None) if time is not None else None


def with_message(packet: Packet, unit: bytes, extradata: bytes) -> Packet:
    """A packet of an HEVC encoder with a NAL unit put before its first slice."""
    lengths = length_bytes("hevc", extradata)
    units = list(nal_units(bytes(packet), lengths))
    first_slice = next((n for n, own in enumerate(units) if unit_type("hevc", own) in SLICES["hevc"]), len(units))
    units.insert(first_slice, unit)
    made = Packet(b"".join((len(own).to_bytes(lengths, "big") if lengths else b"\0\0\0\1") + own for own in units))
    made.stream, made.time_base, made.is_keyframe = packet.stream, packet.time_base, packet.is_keyframe
    made.pts, made.dts, made.duration = packet.pts, packet.dts, packet.duration
    return made


def _message(payload: bytes, lengths: int) -> bytes | None:
    """The NAL unit that holds the packet's HDR10+ message and nothing else."""
    for unit in nal_units(payload, lengths):
        kind = unit_type("hevc", unit)
        if kind in SLICES["hevc"]:
            return None
        if kind == _SEI_PREFIX:
            for own, content in sei_messages(unescaped(unit[2:])):
                if own == _REGISTERED_T35 and content.startswith(_HDR10_PLUS):
                    return unit[:2] + escaped(_number(own) + _number(len(content)) + content + b"\x80")
    return None


def _number(value: int) -> bytes:
    return b"\xff" * (value // 255) + bytes([value % 255])
