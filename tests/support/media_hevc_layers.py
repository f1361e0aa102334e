"""HEVC with a second layer beside the pictures: transparency as phones write it, or the other eye's view (MV-HEVC)."""

from pathlib import Path
from typing import Any

import av
from av.packet import Packet

from tests.support import media
from tests.support.media import Media
from tests.support.media_hdr10plus import escaped

_VPS, _SLICES = 32, range(32)
VIEW, AUXILIARY = 1, 3
"""Bits of the scalability mask (ITU-T H.265 table F.1)."""


def layered(path: Path, *, kind: int = AUXILIARY, **more: Any) -> Media:
    """HEVC (.ts, .mkv) whose parameter sets announce a layer of `kind`, and whose slices come twice, once in it."""
    own = path.with_name(f"{path.stem}.plain.ts")
    facts = {"codec": "libx265", "audio": 0, "options": {"x265-params": "repeat-headers=1"}, **more}
    clip = media.call(own, **facts)
    with av.open(str(own)) as source, av.open(str(path), "w", format=media._FORMATS.get(path.suffix)) as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(source.streams.video[0]):
            if not packet.size:
                continue
            copy = Packet(_with_layer(bytes(packet), kind))
            copy.stream, copy.time_base, copy.is_keyframe = stream, packet.time_base, packet.is_keyframe
            copy.pts, copy.dts, copy.duration = packet.pts, packet.dts, packet.duration
            out.mux(copy)
    own.unlink()
    return Media(path, clip.frames, clip.pts, clip.time_base, clip.indices, clip.size)


def _with_layer(payload: bytes, kind: int) -> bytes:
    units, second = [], []
    for unit in payload.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")[1:]:
        nal = unit[0] >> 1 & 63
        units.append(_layered_vps(unit, kind) if nal == _VPS else unit)
        if nal in _SLICES:
            second.append(bytes([unit[0], 1 << 3 | unit[1] & 7]) + unit[2:])
    return b"".join(b"\0\0\0\1" + unit for unit in (*units, *second))


def _layered_vps(vps: bytes, kind: int) -> bytes:
    """The parameter set with two layers and an extension, up to the scalability mask and what must follow it."""
    raw = vps[2:].replace(b"\0\0\3", b"\0\0")
    old = "".join(f"{byte:08b}" for byte in raw)
    profile = old[32 : 32 + 96]
    text = "0000" + "11" + f"{1:06b}" + "000" + "1" + "1" * 16 + profile
    text += "1" + _golomb(4) + _golomb(2) + _golomb(0)
    text += f"{1:06b}" + _golomb(1) + "11"  # highest layer, sets of layers, which are in the second one
    text += "0" + "1"  # no timing, an extension
    text += "1" * (-len(text) % 8)
    text += profile[88:96] + "0" + "".join("1" if place == kind else "0" for place in range(16))
    text += "000" + "0" + "1"  # one bit for the layer's number in its dimension, no layer ids, number 1
    text += "0" * 4 + "1" + "0" * 40 + "1"
    text += "0" * (-len(text) % 8)
    return vps[:2] + escaped(int(text, 2).to_bytes(len(text) // 8, "big"))


def _golomb(value: int) -> str:
    text = f"{value + 1:b}"
    return "0" * (len(text) - 1) + text
