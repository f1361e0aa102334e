"""Recordings whose pictures change: in size, shape, depth or chroma, as calls and recorders write them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.packet import Packet
from av.video.stream import VideoStream

from tests.support import media
from tests.support.media import Media

FPS = 25
"""A picture each 40 ms: exact in every container's clock."""

RAMP = ({"size": (320, 180), "frames": 25}, {"size": (640, 360), "frames": 25})
"""How a call begins: small, until it knows what the line takes."""


def changing(
    path: Path,
    parts: Sequence[Mapping[str, Any]],
    *,
    codec: str = "libx264",
    header: tuple[int, int] | None = None,
    **more: Any,
) -> Media:
    """One video stream made of several parts, each with its own size or format, which begin with keyframes.

    H.264 and HEVC carry their parameter sets in the stream, as recorders of calls write them. `header` is the size that
    the container announces, where that is another than the first picture's. Other settings are those of `media.call`.

    Args:
        parts: settings of `media.call` in which the parts differ.
    """
    in_band = codec in ("libx264", "libx265", "mpeg4", "mpeg2video")
    first_index, made = 0, []
    for number, part in enumerate(parts):
        own = path.with_name(f"{path.stem}.part{number}.{'ts' if in_band else 'mkv'}")
        facts = {"frames": 25, "gop": 25, "fps": FPS, "audio": 0, "codec": codec, "first_index": first_index, **more}
        made.append(media.call(own, **{**facts, **part}))
        first_index += made[-1].frames
    tick = Fraction(1, 90000)
    step = round(1 / (FPS * tick))
    form = "mpegts" if path.suffix == ".ts" else None
    with av.open(str(path), "w", format=form, container_options=dict(more.get("mux_options", {}))) as out:
        sources = [av.open(str(clip.path)) for clip in made]
        template = sources[0].streams.video[0]
        stream = out.add_stream_from_template(template, opaque=True)
        assert isinstance(stream, VideoStream)
        if header:
            stream.codec_context.width, stream.codec_context.height = header
        stream.time_base = tick
        stream.codec_context.framerate = Fraction(FPS)  # else Matroska would not tell how long pictures last
        done = 0
        for source, clip in zip(sources, made, strict=True):
            begin = None
            for packet in source.demux(source.streams.video[0]):
                if not packet.size:
                    continue
                assert packet.pts is not None
                begin = packet.pts if begin is None else begin
                copy = Packet(bytes(packet))
                copy.stream, copy.time_base, copy.is_keyframe = stream, tick, packet.is_keyframe
                copy.pts = copy.dts = done * step + round((packet.pts - begin) * packet.time_base / tick)
                copy.duration = step
                out.mux(copy)
            done += clip.frames
            source.close()
            clip.path.unlink()
        base = stream.time_base
    assert base is not None
    pts = tuple(round(Fraction(number, FPS) / base) for number in range(first_index))
    return replace(made[0], path=path, frames=first_index, pts=pts, time_base=base, indices=tuple(range(first_index)))


def ramp(path: Path, parts: Sequence[Mapping[str, Any]] = RAMP, **more: Any) -> Media:
    """A browser's recording of a call that begins small: VP8, a header that announces 1280×720."""
    return changing(path, parts, **{"codec": "libvpx", "header": (1280, 720), **more})


def turned(path: Path, **more: Any) -> Media:
    """A phone that is turned while it records: landscape, portrait, landscape."""
    sizes = ((160, 96), (96, 160), (160, 96))
    return changing(path, [{"size": size, "frames": 20} for size in sizes], **more)


def deeper(path: Path, **more: Any) -> Media:
    """From 8 to 10 bits, in one size."""
    parts = [{"pix_fmt": name, "frames": 25} for name in ("yuv420p", "yuv420p10le")]
    return changing(path, parts, **{"size": (160, 96), **more})


def richer(path: Path, **more: Any) -> Media:
    """From 4:2:0 to 4:4:4, in one size: a camera, then a shared screen."""
    parts = [{"pix_fmt": name, "frames": 25} for name in ("yuv420p", "yuv444p")]
    return changing(path, parts, **{"size": (160, 96), **more})


def squeezed(path: Path, **more: Any) -> Media:
    """From square pixels to pixels twice as wide as high; what is shown is of one shape."""
    parts = [{"size": (320, 180)}, {"size": (320, 360), "sar": Fraction(2)}]
    return changing(path, parts, **more)
