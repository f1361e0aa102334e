"""Which container the sharpened file is written in, and which of the source's streams it can hold."""

import io
import math
from collections.abc import Mapping
from pathlib import Path

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.format import ContainerFormat
from av.format import Flags as FormatFlags
from av.stream import Disposition, Stream

MATROSKA = "matroska"
"""The container that takes nearly everything; used where the source's own cannot be written."""

_MUXERS: Mapping[str, Mapping[str, str]] = {
    # demuxer → file suffix → muxer; "" is any other suffix
    "mov,mp4,m4a,3gp,3g2,mj2": {".mov": "mov", ".qt": "mov", ".3gp": "3gp", ".3g2": "3g2", "": "mp4"},
    "matroska,webm": {".webm": "webm", "": MATROSKA},
    "mpegts": {"": "mpegts"},
    "mpeg": {"": "vob"},
    "avi": {"": "avi"},
    "flv": {"": "flv"},
    "asf": {"": "asf"},
    "ogg": {"": "ogg"},
    "mxf": {"": "mxf"},
    "nut": {"": "nut"},
}

_BRAND_TAGS = {"major_brand", "minor_version", "compatible_brands", "encoder"}
"""Metadata that describes the old file's making, not its content."""

_COVER_TYPES = {"mjpeg": "image/jpeg", "png": "image/png"}


def own_muxer(demuxer: str, suffix: str) -> str | None:
    """The muxer of the source's own container; None of raw streams, and of containers that are only read here."""
    family = _MUXERS.get(demuxer, {})
    return family.get(suffix.lower(), family.get(""))


def muxers_to_try(demuxer: str, suffix: str) -> tuple[str, ...]:
    """The muxer of the source's own container, where it has one, then Matroska."""
    own = own_muxer(demuxer, suffix)
    return (own, MATROSKA) if own and own != MATROSKA else (MATROSKA,)


def is_raw(demuxer: str) -> bool:
    """Whether it is a stream without a container, whose pictures have no times of their own."""
    return bool(ContainerFormat(demuxer, "r").flags & FormatFlags.no_timestamps.value)


def open_output(path: Path, muxer: str, source: InputContainer) -> OutputContainer:
    """Opens the new file, with the source's metadata and chapters. Nothing is written yet."""
    options: dict[str, str] = {}
    if muxer == "mpegts":
        # Else the muxer would move all times by its own start delay.
        options["mpegts_copyts"] = "1"
        # Times before zero are those before the clock's start over; moved, they would not be the source's.
        options["avoid_negative_ts"] = "disabled"
    if muxer in ("mov", "mp4", "3gp", "3g2"):
        # Start times are kept in units of the whole file, by default a coarse millisecond.
        options["movie_timescale"] = str(_common_timescale(source))
        if any("." in tag for tag in source.metadata):
            # Keeps tags that MP4's classic atoms do not know, such as a phone's com.apple.quicktime.*.
            options["movflags"] = "use_metadata_tags"
    if muxer in (MATROSKA, "webm"):
        # Else sound that begins before zero (AAC does) would move every stream.
        options["avoid_negative_ts"] = "disabled"
    target = av.open(str(path), "w", format=muxer, container_options=options)
    target.metadata.update({tag: text for tag, text in source.metadata.items() if tag not in _BRAND_TAGS})
    chapters = source.chapters()
    if chapters:
        target.set_chapters(chapters)
    return target


def _common_timescale(source: InputContainer) -> int:
    """The ticks per second in which the start of every stream is a whole number, if that stays below ten million."""
    rates = [stream.time_base.denominator for stream in source.streams if stream.time_base]
    common = math.lcm(*rates)
    return common if common <= 10_000_000 else max(rates)


def add_copy(target: OutputContainer, stream: Stream) -> Stream:
    """Adds a stream to be copied packet for packet, with its language, title and disposition.

    Raises:
        ValueError: the container or FFmpeg cannot hold it.
    """
    copy = target.add_stream_from_template(stream, opaque=True)  # type: ignore[type-var]
    copy.metadata.update(stream.metadata)
    copy.disposition = stream.disposition
    return copy


def cover_type(muxer: str, stream: Stream) -> str | None:
    """The media type of cover art that Matroska keeps as an attached file (as a track it would count as video)."""
    if muxer != MATROSKA or not stream.disposition & Disposition.attached_pic or stream.codec_context is None:
        return None
    return _COVER_TYPES.get(stream.codec_context.name)


def add_cover(target: OutputContainer, stream: Stream, media_type: str, picture: bytes) -> None:
    """Attaches cover art as a file, under the name that Matroska wants for it."""
    name = stream.metadata.get("filename", f"cover.{'jpg' if media_type == 'image/jpeg' else 'png'}")
    target.add_attachment(name, media_type, picture)


def can_hold(muxer: str, source: InputContainer, stream: Stream) -> bool:
    """Whether a file of this container can hold a copy of the stream: tried on a file in memory."""
    if stream.type not in ("video", "audio", "subtitle", "data", "attachment"):
        return False
    try:
        with av.open(io.BytesIO(), "w", format=muxer) as trial:
            if stream.type == "attachment":
                # Some containers refuse to consist of attachments only.
                trial.add_stream("libx264", rate=1)
            add_copy(trial, stream)
            trial.start_encoding()
    except (ValueError, FFmpegError, OSError, RuntimeError):
        return False
    return True
