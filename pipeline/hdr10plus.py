"""HDR10+ (SMPTE ST 2094-40): messages beside HEVC pictures, taken from a stream's packets and put into new ones.

Encoders here drop them. Each says how bright a picture's parts are, which sharpening does not change by much.
"""

from av.packet import Packet

from .packet_headers import length_size, nal_units

_SEI_PREFIX, _REGISTERED_T35 = 39, 4
_SLICES = range(32)
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
            unit = _message(bytes(packet), length_size("hevc", context.extradata or b""))
            if unit is not None:
                self._by_time[time] = unit

    def take(self, time: int | None) -> bytes | None:
        """The message of the picture at `time`, as a NAL unit; once."""
        return self._by_time.pop(time, None) if time is not None else None


def with_message(packet: Packet, unit: bytes, extradata: bytes) -> Packet:
    """A packet of an HEVC encoder with a NAL unit put before its first slice."""
    lengths = length_size("hevc", extradata)
    units = list(nal_units(bytes(packet), lengths))
    first_slice = next((n for n, own in enumerate(units) if own and own[0] >> 1 & 63 in _SLICES), len(units))
    units.insert(first_slice, unit)
    made = Packet(b"".join((len(own).to_bytes(lengths, "big") if lengths else b"\0\0\0\1") + own for own in units))
    made.stream, made.time_base, made.is_keyframe = packet.stream, packet.time_base, packet.is_keyframe
    made.pts, made.dts, made.duration = packet.pts, packet.dts, packet.duration
    return made


def _message(payload: bytes, lengths: int) -> bytes | None:
    """The NAL unit that holds the packet's HDR10+ message and nothing else."""
    for unit in nal_units(payload, lengths):
        kind = unit[0] >> 1 & 63 if unit else -1
        if kind in _SLICES:
            return None
        if kind == _SEI_PREFIX:
            for own, content in _sei_messages(unit[2:].replace(b"\0\0\3", b"\0\0")):
                if own == _REGISTERED_T35 and content.startswith(_HDR10_PLUS):
                    return unit[:2] + _escaped(_number(own) + _number(len(content)) + content + b"\x80")
    return None


def _sei_messages(data: bytes) -> list[tuple[int, bytes]]:
    """Types and payloads of a SEI unit's messages (ITU-T H.265 §7.3.5)."""
    found, at = [], 0
    while at + 2 < len(data):
        numbers = []
        for _ in range(2):
            value = 0
            while at < len(data) and data[at] == 0xFF:
                value, at = value + 255, at + 1
            if at >= len(data):
                return found
            numbers.append(value + data[at])
            at += 1
        kind, size = numbers
        found.append((kind, data[at : at + size]))
        at += size
    return found


def _number(value: int) -> bytes:
    return b"\xff" * (value // 255) + bytes([value % 255])


def _escaped(raw: bytes) -> bytes:
    """With emulation prevention bytes (ITU-T H.265 §7.4.2)."""
    out, zeros = bytearray(), 0
    for byte in raw:
        if zeros == 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = 0 if byte else zeros + 1
    return bytes(out)
