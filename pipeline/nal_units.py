"""NAL units of H.264 and HEVC: where they begin and end in a packet or a stream's header, and the SEI messages in them.

Damaged data ends what is read, and is never an error.
"""

import sys
from collections.abc import Generator, Iterator

SLICES = {"h264": range(1, 6), "hevc": range(32)}
"""The types of units that hold coded pictures, by codec."""

_START_CODE = b"\0\0\1"
_AVCC_BYTES, _HVCC_BYTES = 7, 23
"""The least that a stream's header in MP4 and Matroska holds: avcC, hvcC (ISO/IEC 14496-15 §5.3.3.1, §8.3.3.1)."""


def length_bytes(codec: str, extradata: bytes) -> int:
    """The number of bytes that hold a NAL unit's length in a stream's packets; 0 where start codes divide them.

    Args:
        codec: "h264" or "hevc".
        extradata: the stream's header.
    """
    place, least = (4, _AVCC_BYTES) if codec == "h264" else (21, _HVCC_BYTES)
    return (extradata[place] & 3) + 1 if len(extradata) >= least and extradata[0] == 1 else 0


def nal_units(payload: bytes, lengths: int) -> Iterator[bytes]:
    """The NAL units of a packet, without lengths or start codes; empty ones are left out. The last is cut off where
    the payload is.

    Args:
        lengths: what `length_bytes` says of the stream.
    """
    return _units_behind_lengths(payload, lengths) if lengths else units_behind_start_codes(payload)


def units_behind_start_codes(data: bytes) -> Iterator[bytes]:
    """The units between start codes (ITU-T H.264 annex B; those of MPEG-2 are the same); empty ones are left out."""
    at = data.find(_START_CODE)
    while at >= 0:
        begin = at + len(_START_CODE)
        at = data.find(_START_CODE, begin)
        unit = data[begin : at if at >= 0 else None]
        if unit:
            yield unit


def header_units(codec: str, extradata: bytes) -> Iterator[bytes]:
    """The NAL units of a stream's header: those in an avcC's or hvcC's arrays, or behind start codes."""
    if not length_bytes(codec, extradata):
        yield from units_behind_start_codes(extradata)
    elif codec == "h264":  # sequence parameter sets, whose number shares its byte with other bits, and picture ones
        at = yield from _units_behind_lengths(extradata, 2, 6, extradata[5] & 0x1F)
        yield from _units_behind_lengths(extradata, 2, at + 1, int.from_bytes(extradata[at : at + 1]))
    else:
        at = _HVCC_BYTES
        for _ in range(extradata[at - 1]):  # arrays, each behind the type and the number of its units
            count = int.from_bytes(extradata[at + 1 : at + 3])
            at = yield from _units_behind_lengths(extradata, 2, at + 3, count)


def _units_behind_lengths(
    data: bytes, lengths: int, at: int = 0, most: int = sys.maxsize
) -> Generator[bytes, None, int]:
    """Units from `at` on, each behind `lengths` bytes with its length; returns where they end."""
    for _ in range(most):
        begin = at + lengths
        if begin >= len(data):
            break
        at = begin + int.from_bytes(data[at:begin])
        if at > begin:
            yield data[begin:at]
    return at


def unit_type(codec: str, unit: bytes) -> int:
    """The `nal_unit_type` (ITU-T H.264 §7.3.1, H.265 §7.3.1.2)."""
    return unit[0] & 31 if codec == "h264" else unit[0] >> 1 & 63


def unescaped(data: bytes) -> bytes:
    """Without the bytes that keep start codes from coming up by chance (ITU-T H.264 §7.4.1.1, H.265 §7.4.2)."""
    return data.replace(b"\0\0\3", b"\0\0")


def escaped(data: bytes) -> bytes:
    """With the bytes that `unescaped` takes out."""
    out, zeros = bytearray(), 0
    for byte in data:
        if zeros == 2 and byte <= 3:
            out.append(3)
            zeros = 0
        out.append(byte)
        zeros = 0 if byte else zeros + 1
    return bytes(out)


def sei_messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Types and payloads of an SEI unit's messages (ITU-T H.264 §7.3.2.3, H.265 §7.3.5). One that the unit's end cuts
    off is left out, as decoders do.

    Args:
        data: the unit behind its header, `unescaped`.
    """
    at = 0
    while at + 2 < len(data):  # trailing bits follow
        numbers: list[int] = []
        for _ in range(2):  # type and size
            number = 0
            while at < len(data) and data[at] == 0xFF:
                number, at = number + 0xFF, at + 1
            if at >= len(data):
                return
            numbers.append(number + data[at])
            at += 1
        kind, size = numbers
        if at + size > len(data):
            return
        yield kind, data[at : at + size]
        at += size
