"""Layers of an HEVC stream beside the one that is decoded: transparency, a second view (ITU-T H.265 annex F)."""

from collections.abc import Iterator

from .bit_reader import Bits
from .packet_headers import length_size, nal_units

_VPS = 32
_VIEW, _AUXILIARY = 1, 3
"""Bits of the scalability mask (table F.1)."""

_NAMES = {_VIEW: "its second view", _AUXILIARY: "its transparency"}


def further_layers(extradata: bytes, payload: bytes) -> tuple[str, ...]:
    """What a stream's further layers hold, in words; empty where there are none.

    Args:
        extradata: the stream's header.
        payload: of its first packet with a picture.
    """
    units = list(nal_units(payload, length_size("hevc", extradata)))
    if not any(len(unit) > 2 and (unit[0] & 1) << 5 | unit[1] >> 3 for unit in units):
        return ()
    found: set[int] = set()
    for unit in (*_header_units(extradata), *units):
        if len(unit) > 2 and unit[0] >> 1 & 63 == _VPS:
            found |= _scalability(unit[2:].replace(b"\0\0\3", b"\0\0"))
    return tuple(_NAMES[bit] for bit in sorted(found & _NAMES.keys())) or ("a second layer",)


def _header_units(extradata: bytes) -> Iterator[bytes]:
    """The NAL units of a header: divided by start codes, or in arrays (ISO/IEC 14496-15 §8.3.3)."""
    if extradata[:1] != b"\1":
        yield from nal_units(extradata, 0)
        return
    at = 23
    for _ in range(extradata[22] if len(extradata) > 22 else 0):
        count, at = int.from_bytes(extradata[at + 1 : at + 3], "big"), at + 3
        for _ in range(count):
            size = int.from_bytes(extradata[at : at + 2], "big")
            yield extradata[at + 2 : at + 2 + size]
            at += 2 + size


def _scalability(vps: bytes) -> set[int]:
    """The bits of a video parameter set's scalability mask; empty where it has no extension, or cannot be read."""
    bits = Bits(vps)
    try:
        bits.take(6)
        layers, sub_layers = bits.take(6), bits.take(3)
        bits.take(17)
        _skip_profile(bits, sub_layers, general=True)
        for _ in range(sub_layers + 1 if bits.take(1) else 1):
            for _ in range(3):
                bits.golomb()
        highest, sets = bits.take(6), bits.golomb()
        bits.take(sets * (highest + 1))
        if bits.take(1):  # timing
            bits.take(64)
            if bits.take(1):
                bits.golomb()
            if bits.golomb():
                return set()  # with parameters of buffers, which are long
        if not bits.take(1):
            return set()
        bits.at = -(-bits.at // 8) * 8
        if layers:
            _skip_profile(bits, sub_layers, general=False)
        bits.take(1)
        return {place for place in range(16) if bits.take(1)}
    except IndexError:
        return set()


def _skip_profile(bits: Bits, sub_layers: int, *, general: bool) -> None:
    """profile_tier_level (§7.3.3)."""
    bits.take((88 if general else 0) + 8)
    present = [(bits.take(1), bits.take(1)) for _ in range(sub_layers)]
    if sub_layers:
        bits.take(2 * (8 - sub_layers))
    for profile, level in present:
        bits.take(88 * profile + 8 * level)
