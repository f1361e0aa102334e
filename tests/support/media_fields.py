"""Field-coded H.264 (PAFF), written here since no software encoder makes it, and recordings that turn interlaced.

Each field is a slice of I_PCM macroblocks (ITU-T H.264, 7.3.5), so pictures come back bit for bit.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.packet import Packet
from av.video.frame import VideoFrame

from tests.support import media
from tests.support.media import Media

FPS = 25
_FIELD_TICKS = 90000 // FPS // 2
_AUD = b"\0\0\0\1\x09\x10"


def field_coded(
    path: Path,
    *,
    frames: int = 60,
    gop: int = 20,
    size: tuple[int, int] = (160, 96),
    packets: int = 1,
    adaptive: bool = False,
    lone_fields: tuple[int, ...] = (),
    mux_options: Mapping[str, str] | None = None,
    **_: Any,
) -> Media:
    """Pictures of two fields, top field first, without sound. FFmpeg's demuxers of transport streams and of raw ones
    (.h264) give each field as a packet of its own.

    Args:
        size: whole macroblocks in each field: multiples of 16 and 32 px.
        packets: 1: both fields are given to the muxer together, so that a transport stream's second field has no time;
            2: one by one, each with its time.
        adaptive: every third picture is coded as a frame, as an encoder does where nothing moves.
        lone_fields: numbers of pictures whose second field is missing; no decoder shows them.
    """
    start = 0 if path.suffix == ".h264" else round(media.TS_START * 90000)
    pictures = list(_pictures(frames, gop, size, adaptive, lone_fields))
    raw = b"".join(field for picture in pictures for field in picture)
    shown = [number for number in range(frames) if number not in lone_fields]
    made = Media(
        path=path,
        frames=len(shown),
        pts=tuple(start + number * 2 * _FIELD_TICKS for number in shown),
        time_base=media.TICKS_90K,
        indices=tuple(shown),
        size=size,
    )
    if path.suffix == ".h264":
        path.write_bytes(raw)
        return made
    stem = path.with_name(f".{path.name}.h264")
    stem.write_bytes(raw)
    options = dict(mux_options or {})
    with (
        av.open(str(stem)) as source,
        av.open(str(path), "w", format=media._FORMATS.get(path.suffix), container_options=options) as out,
    ):
        stream = out.add_stream_from_template(source.streams.video[0])
        stream.time_base = media.TICKS_90K
        for number, fields in enumerate(pictures):
            parts = fields if packets == 2 else [b"".join(fields)]
            for part, payload in enumerate(parts):
                packet = Packet(payload)
                packet.pts = packet.dts = start + (2 * number + part) * _FIELD_TICKS
                packet.duration = 2 * _FIELD_TICKS // len(parts)
                packet.time_base, packet.stream = media.TICKS_90K, stream
                packet.is_keyframe = number % gop == 0 and part == 0
                out.mux(packet)
    stem.unlink()
    with av.open(str(path)) as written:
        tick = written.streams.video[0].time_base or media.TICKS_90K
    return replace(made, pts=tuple(media._rescale(time, media.TICKS_90K, tick) for time in made.pts), time_base=tick)


def _pictures(
    frames: int, gop: int, size: tuple[int, int], adaptive: bool, lone_fields: tuple[int, ...]
) -> Iterator[list[bytes]]:
    """Each picture's access units: two fields, or a frame."""
    header = _parameter_sets(size)
    for number in range(frames):
        picture = media.picture(number, size, "yuv420p")
        idr = number // gop % 2 if number % gop == 0 else None
        front = _AUD + (header if idr is not None else b"")
        if adaptive and number % 3 == 2:
            yield [front + _slice(picture, number % gop, None, idr)]
            continue
        top = front + _slice(picture, number % gop, 0, idr)
        bottom = _AUD + _slice(picture, number % gop, 1, None)
        yield [top] if number in lone_fields else [top, bottom]


def _slice(picture: VideoFrame, frame_num: int, field: int | None, idr: int | None) -> bytes:
    """A picture's, or one of its fields', only slice (7.3.3); `idr` tells neighbouring IDR pictures apart."""
    bits = _ue(0) + _ue(7) + _ue(0) + f"{frame_num % 16:04b}"
    bits += "0" if field is None else f"1{field}"
    bits += _ue(idr) + "00" if idr is not None else "0"
    bits += _ue(0)  # QP offset
    blocks = _macroblocks(picture, slice(None) if field is None else slice(field, None, 2))
    i_pcm = _ue(25)
    data = _aligned(bits + i_pcm) + _aligned(i_pcm).join(block.tobytes() for block in blocks) + b"\x80"
    return _unit(0x65 if idr is not None else 0x61, data)


def _macroblocks(picture: VideoFrame, rows: slice) -> np.ndarray:
    """The samples of each macroblock as I_PCM stores them: uint8, [macroblocks, 256 luma + 64 Cb + 64 Cr]."""
    parts = []
    for plane, side in zip(media.planes(picture), (16, 8, 8), strict=True):
        height, width = plane[rows].shape
        cut = plane[rows].reshape(height // side, side, width // side, side)
        parts.append(cut.transpose(0, 2, 1, 3).reshape(-1, side * side))
    return np.concatenate(parts, axis=1)


def _parameter_sets(size: tuple[int, int]) -> bytes:
    """Main profile, output in decode order, field or frame chosen for each picture, 25 pictures per second."""
    sequence = f"{77:08b}{0:08b}{30:08b}" + _ue(0) + _ue(0) + _ue(2) + _ue(1) + "0"
    sequence += _ue(size[0] // 16 - 1) + _ue(size[1] // 32 - 1) + "0010"
    sequence += "1" + "0000" + f"1{1:032b}{2 * FPS:032b}1" + "0000"  # usability information: only the rate
    picture = _ue(0) + _ue(0) + "00" + _ue(0) + _ue(0) + _ue(0) + "000" + _ue(0) * 3 + "000"
    return _unit(0x67, _aligned(sequence + "1")) + _unit(0x68, _aligned(picture + "1"))


def _ue(value: int) -> str:
    """An Exp-Golomb code (9.1), as digits."""
    digits = f"{value + 1:b}"
    return "0" * (len(digits) - 1) + digits


def _aligned(bits: str) -> bytes:
    count = -(-len(bits) // 8)
    return int(bits.ljust(8 * count, "0"), 2).to_bytes(count)


def _unit(header: int, data: bytes) -> bytes:
    return b"\0\0\0\1" + bytes([header]) + re.sub(rb"\0\0(?=[\0-\3])", b"\0\0\3", data)


def turns_interlaced(path: Path, *, frames: int = 60, progressive: int | None = None, **more: Any) -> Media:
    """A transport stream whose first `progressive` pictures (default: half) are progressive and whose others are
    interlaced: a recorder that was switched over, or a broadcast between two programmes."""
    first = frames // 2 if progressive is None else progressive
    return joined(
        path, [{"frames": first, "interlaced": False}, {"frames": frames - first, "interlaced": True}], **more
    )


def joined(path: Path, parts: list[dict[str, Any]], *, fps: int = 30, **more: Any) -> Media:
    """Transport streams without sound, one behind the other byte for byte; pictures are numbered through."""
    assert path.suffix == ".ts", "only a transport stream can be joined byte for byte"
    made: list[Media] = []
    for part in parts:
        begun = sum(clip.frames for clip in made)
        facts = {**more, "fps": fps, "audio": 0, "first_index": begun, "start": Fraction(begun, fps), **part}
        made.append(media.call(path.with_name(f".{len(made)}.{path.name}"), **facts))
    path.write_bytes(b"".join(clip.path.read_bytes() for clip in made))
    for clip in made:
        clip.path.unlink()
    pts, indices = (tuple(value for clip in made for value in getattr(clip, name)) for name in ("pts", "indices"))
    return replace(made[0], path=path, frames=len(pts), pts=pts, indices=indices)


def clock_steps_back(path: Path, *, at: int = 33, back: float = 4.5, **more: Any) -> Media:
    """A transport stream whose clock is set back by the time of `back` pictures before picture `at`, amid a GOP, as
    where a recorder's clock was corrected or two recordings were joined. `Media.pts` never falls, as no output's does.
    """
    whole = media.call(path, **{"audio": 0, **more})
    earlier = round(back * (whole.pts[1] - whole.pts[0]))
    halves = [path.with_name(f".{number}.{path.name}") for number in range(2)]
    with av.open(str(path)) as source:
        video = source.streams.video[0]
        packets = [packet for packet in source.demux(video) if packet.size]
        for half, part, shift in zip(halves, (packets[:at], packets[at:]), (0, earlier), strict=True):
            with av.open(str(half), "w", format="mpegts", container_options={"mpegts_copyts": "1"}) as out:
                stream = out.add_stream_from_template(video)
                for packet in part:
                    assert packet.pts is not None
                    assert packet.dts is not None
                    copy = Packet(bytes(packet))
                    copy.pts, copy.dts, copy.time_base = packet.pts - shift, packet.dts - shift, packet.time_base
                    copy.stream, copy.is_keyframe = stream, packet.is_keyframe
                    out.mux(copy)
    path.write_bytes(b"".join(half.read_bytes() for half in halves))
    for half in halves:
        half.unlink()
    times = [time - (earlier if number >= at else 0) for number, time in enumerate(whole.pts)]
    return replace(whole, pts=tuple(max(times[: number + 1]) for number in range(len(times))))
