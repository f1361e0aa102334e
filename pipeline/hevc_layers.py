"""Layers of an HEVC stream beside the one that is decoded: transparency, a second view (ITU-T H.265 annex F)."""

from .bit_reader import Bits
from .nal_units import header_units, length_bytes, nal_units, unescaped, unit_type

_VPS = 32
_VIEW, _AUXILIARY = 1, 3
"""Bits of the scalability mask (table F.1)."""

_NAMES = {_VIEW: "its second view", _AUXILIARY: "its transparency"}


def further_layers(extradata: bytes, payload: bytes) -> tuple[str, ...]:
    """The contents of a stream's further layers, in words; empty where there are none.

    Args:
        extradata: the stream's header.
        payload: of its first packet with a picture.
    """
    units = list(nal_units(payload, length_bytes("hevc", extradata)))
    if not any(len(unit) > 2 and (unit[0] & 1) << 5 | unit[1] >> 3 for unit in units):
        return ()
    found: set[int] = set()
    for unit in (*header_units("hevc", extradata), *units):
        if len(unit) > 2 and unit_type("hevc", unit) == _VPS:
            found |= _scalability(unescaped(unit[2:]))
    return tuple(_NAMES[bit] for bit in sorted(found & _NAMES.keys())) or ("a second layer",)


def _scalability(vps: bytes) -> set[int]:
    """The bits of a video parameter set's scalability mask; empty where it has no extension, or cannot be read."""
    bits = Bits(vps)
    try:
        bits.u(6)
        layers, sub_layers = bits.u(6), bits.u(3)
        bits.u(17)
        _skip_profile(bits, sub_layers, general=True)
        for _ in range(sub_layers + 1 if bits.u(1) else 1):
            for _ in range(3):
                bits.ue()
        highest, sets = bits.u(6), bits.ue()
        bits.u(sets * (highest + 1))
        if bits.u(1):  # timing
            bits.u(64)
            if bits.u(1):
                bits.ue()
            if bits.ue():
                return set()  # with parameters of buffers, which are long
        if not bits.u(1):
            return set()
        bits.align()
        if layers:
            _skip_profile(bits, sub_layers, general=False)
        bits.u(1)
        return {place for place in range(16) if bits.u(1)}
    except IndexError:
        return set()


def _skip_profile(bits: Bits, sub_layers: int, *, general: bool) -> None:
    """profile_tier_level (§7.3.3)."""
    bits.u((88 if general else 0) + 8)
    present = [(bits.u(1), bits.u(1)) for _ in range(sub_layers)]
    if sub_layers:
        bits.u(2 * (8 - sub_layers))
    for profile, level in present:
        bits.u(88 * profile + 8 * level)
