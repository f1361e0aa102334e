"""A recording's description: its container, streams and first picture, read once and handed on as plain values."""

import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import islice
from pathlib import Path
from typing import Any, cast

from av.container import InputContainer
from av.sidedata.sidedata import Type as SideData
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from .chroma_siting import Siting, chroma_siting
from .container import is_raw
from .decode import decode_packets
from .errors import MediaError
from .hdr import LightLevel, Mastering, parse_light_level, parse_mastering
from .hevc_layers import further_layers
from .interlacing import turns_interlaced
from .limits import check_picture
from .recording import main_video, open_recording, readable_packets

PACKETS_UNTIL_FIRST_PICTURE = 2000
"""Video packets tried before a recording counts as one whose pictures do not decode (over a minute at 30 fps)."""


_BOTTOM_FIELD_FIRST = (3, 5)
"""FFmpeg's AV_FIELD_BB and AV_FIELD_BT."""


@dataclass(frozen=True)
class Colour:
    """The colour tags of the first picture, as the code points of ITU-T H.273."""

    range: int
    """1 limited (16–235), 2 full (0–255), 0 unknown (taken as limited)."""
    primaries: int
    transfer: int
    matrix: int


@dataclass(frozen=True)
class Shape:
    """The size of pictures, and the format that they are stored in."""

    width: int
    height: int
    pix_fmt: str
    pixel_aspect: Fraction
    """Width of a pixel by its height."""

    @classmethod
    def of(cls, info: "ClipInfo") -> "Shape":
        """That of a clip's pictures as they are written."""
        return cls.made(info.width, info.height, info.pix_fmt, info.sample_aspect_ratio)

    @classmethod
    def made(cls, width: int, height: int, pix_fmt: str, pixel_aspect: Fraction | None) -> "Shape":
        """Of decoded pictures; without a known aspect, pixels are square."""
        return cls(width, height, pix_fmt, Fraction(pixel_aspect or 1))


@dataclass(frozen=True)
class ClipInfo:
    """A recording's facts: everything that planning, encoding and muxing need to know besides the packets."""

    path: Path
    container: str
    """The demuxer's name, such as `mov,mp4,m4a,3gp,3g2,mj2`."""
    stream_index: int
    """The video stream that is sharpened; all others are copied."""
    codec: str
    """FFmpeg's codec name, such as `h264`."""
    time_base: Fraction
    """Seconds per tick of the stream's PTS."""
    frame_rate: Fraction
    """Average frames per second as declared; of variable-rate recordings only a hint."""
    width: int
    height: int
    pix_fmt: str
    sample_aspect_ratio: Fraction | None
    colour: Colour
    chroma_location: Siting
    interlaced: bool
    """Whether any picture is, as far as headers tell: an encoder stream is one or the other."""
    bottom_field_first: bool
    display_matrix: tuple[int, ...] | None
    """Nine fixed-point numbers of the container's rotation and mirroring, or None."""
    mastering: Mastering | None
    light_level: LightLevel | None
    dolby_vision: bool
    alpha: bool
    """WebM's transparency, kept beside the pictures where no decoder here looks."""
    duration_s: float | None
    audio_streams: int
    further_layers: tuple[str, ...] = ()
    """What HEVC layers hold that no decoder here looks at, in words."""
    hdr10_plus: bool = False
    """Messages of SMPTE ST 2094-40 beside the pictures."""
    shapes: tuple[Shape, ...] = ()
    """Of all pictures where they change in mid-stream; width, height and format above then hold them all (`canvas`)."""
    start: Fraction = Fraction(0)
    """When the recording begins, in seconds of its own clock: with the first of its pictures and sound."""


def probe(path: Path) -> ClipInfo:
    """Reads a recording's facts, decoding up to its first picture.

    Raises:
        MediaError: the recording cannot be opened, has no video, none of its pictures decodes, or they are too large.
    """
    with open_recording(path) as container:
        stream = main_video(container, path)
        payloads: list[bytes] = []
        frame = _first_picture(container, stream, path, payloads)
        side_data: dict[SideData, Any] = {data.type: data for data in cast(Iterable[Any], frame.side_data)}
        matrix = side_data.get(SideData.DISPLAYMATRIX)
        mastering = side_data.get(SideData.MASTERING_DISPLAY_METADATA)
        light = side_data.get(SideData.CONTENT_LIGHT_LEVEL)
        context = stream.codec_context
        duration = container.duration
        return ClipInfo(
            path=path,
            container=container.format.name,
            stream_index=stream.index,
            codec=context.codec.canonical_name,
            time_base=stream.time_base or Fraction(1, 90000),
            frame_rate=_frame_rate(container, stream),
            width=frame.width,
            height=frame.height,
            pix_fmt=frame.format.name,
            sample_aspect_ratio=stream.sample_aspect_ratio or None,
            colour=Colour(frame.color_range, frame.color_primaries, frame.color_trc, frame.colorspace),
            chroma_location=chroma_siting(stream),
            interlaced=frame.interlaced_frame or turns_interlaced(path, stream.index),
            bottom_field_first=context.field_order in _BOTTOM_FIELD_FIRST,
            display_matrix=_nine_numbers(bytes(memoryview(matrix))) if matrix is not None else None,
            mastering=parse_mastering(bytes(memoryview(mastering))) if mastering is not None else None,
            light_level=parse_light_level(bytes(memoryview(light))) if light is not None else None,
            further_layers=_further_layers(stream, payloads),
            hdr10_plus=SideData.DYNAMIC_HDR_PLUS in side_data,
            dolby_vision=SideData.DOVI_RPU_BUFFER in side_data or SideData.DOVI_METADATA in side_data,
            alpha=stream.metadata.get("alpha_mode") == "1",
            duration_s=duration / 1_000_000 if duration else None,
            audio_streams=len(container.streams.audio),
            start=_start(container, stream),
        )


def _first_picture(container: InputContainer, stream: VideoStream, path: Path, payloads: list[bytes]) -> VideoFrame:
    """Decodes up to the first picture; `payloads` grows by those of the packets that this took."""
    check_picture(stream.codec_context.width, stream.codec_context.height, path)
    packets = islice(readable_packets(container, [stream]), PACKETS_UNTIL_FIRST_PICTURE)
    errors: list[str] = []
    kept = (packet for packet in packets if payloads.append(bytes(packet)) is None)
    for frame in decode_packets(stream.codec_context, kept, errors):
        return frame
    reason = f" ({errors[0]})" if errors else ""
    raise MediaError(
        f"{path}: none of its pictures decodes{reason}; it is encrypted, or only its beginning was saved", path
    )


def _further_layers(stream: VideoStream, payloads: list[bytes]) -> tuple[str, ...]:
    context = stream.codec_context
    if context.codec.canonical_name != "hevc":
        return ()
    found = (further_layers(context.extradata or b"", payload) for payload in payloads)
    return next((layers for layers in found if layers), ())


def _frame_rate(container: InputContainer, stream: VideoStream) -> Fraction:
    rates = [stream.average_rate, stream.guessed_rate, stream.base_rate]
    if is_raw(container.format.name):
        rates.pop(0)  # a raw stream has no times to average: that is a default, whatever the stream's header says
    for rate in rates:
        if rate and Fraction(1, 10) <= rate <= 1000:
            return Fraction(rate)
    return Fraction(30)


def _start(container: InputContainer, video: VideoStream) -> Fraction:
    """When the recording begins. Sound that begins before zero is an encoder's delay, and plays from zero on."""
    pictures, *sounds = [
        (stream.start_time or 0) * (stream.time_base or Fraction(1)) for stream in (video, *container.streams.audio)
    ]
    return min(pictures, *(max(sound, Fraction(0)) for sound in sounds)) if sounds else pictures


def _nine_numbers(raw: bytes) -> tuple[int, ...]:
    return struct.unpack("=9i", raw[:36])


def rotation(matrix: tuple[int, ...] | None) -> int | None:
    """Degrees counter-clockwise by which a player turns the picture, as FFmpeg's av_display_rotation_get."""
    if not matrix:
        return None
    a, b, c, d = matrix[0], matrix[1], matrix[3], matrix[4]
    scale = math.hypot(a, c), math.hypot(b, d)
    return round(-math.degrees(math.atan2(b / scale[1], a / scale[0]))) if all(scale) else None
