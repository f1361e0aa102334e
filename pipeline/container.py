"""The container that the sharpened file is written in, and which of the source's streams it can hold."""

import io
import math
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import av
from av.container import InputContainer, OutputContainer
from av.error import FFmpegError
from av.format import ContainerFormat
from av.format import Flags as FormatFlags
from av.stream import Disposition, Stream

from .container_traits import MATROSKA, source_traits, written_traits
from .file_provenance import is_own_tag

if TYPE_CHECKING:
    from av.container.core import Chapter

_BRAND_TAGS = {"major_brand", "minor_version", "compatible_brands", "encoder"}
"""Metadata that describes the old file's making, not its content."""

_COVER_TYPES = {"mjpeg": "image/jpeg", "png": "image/png"}


def own_muxer(demuxer: str, suffix: str) -> str | None:
    """The muxer of the source's own container; None of raw streams, and of containers that are only read here."""
    return source_traits(demuxer, suffix).muxer


def muxers_to_try(demuxer: str, suffix: str) -> tuple[str, ...]:
    """The muxer of the source's own container, where it has one, then Matroska."""
    own = own_muxer(demuxer, suffix)
    return (own, MATROSKA) if own and own != MATROSKA else (MATROSKA,)


def is_raw(demuxer: str) -> bool:
    """Whether it is a stream without a container, whose pictures have no times of their own."""
    return bool(ContainerFormat(demuxer, "r").flags & FormatFlags.no_timestamps.value)


def why_not_its_own(demuxer: str, codec: str, rate: Fraction) -> str:
    """The reason why a recording is not written in its own container, where it has no muxer: the end of a sentence."""
    if not is_raw(demuxer):
        return f"its own container ({demuxer}) is not written here"
    return (
        f"it is a raw {codec} stream, which stores no times: its pictures come at an even {float(rate):.6g} per second"
    )


def open_output(
    path: Path, muxer: str, source: InputContainer, chapters: "list[Chapter]", own_tags: Mapping[str, str]
) -> OutputContainer:
    """Opens the new file, with the source's metadata, tags of our own, and chapters. Nothing is written yet."""
    traits = written_traits(muxer)
    options = dict(traits.options)
    if traits.edit_lists:
        # By default a coarse millisecond.
        options["movie_timescale"] = str(_common_timescale(source))
    if _has_dotted_tags(source):
        options.update(traits.dotted_tags)
    target = av.open(str(path), "w", format=muxer, container_options=options)
    target.metadata.update({tag: text for tag, text in source.metadata.items() if _is_kept(tag)})
    target.metadata.update(own_tags)
    if chapters:
        target.set_chapters(chapters)
    return target


def keeps_any_tag(muxer: str, source: InputContainer) -> bool:
    """Whether `open_output` has the muxer write tags of any name; else it leaves out those that it does not know."""
    traits = written_traits(muxer)
    return not traits.freeform_tags or (bool(traits.dotted_tags) and _has_dotted_tags(source))


def _has_dotted_tags(source: InputContainer) -> bool:
    return any("." in tag for tag in source.metadata)


def _is_kept(tag: str) -> bool:
    return tag not in _BRAND_TAGS and not is_own_tag(tag)


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
    """The media type of cover art that the container keeps as an attached file; None of all other streams."""
    is_cover = bool(stream.disposition & Disposition.attached_pic) and stream.codec_context is not None
    if not (is_cover and written_traits(muxer).cover_attachments):
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
