"""The siting of a stream's subsampled chroma. FFmpeg knows it, but PyAV does not show it: a Matroska header does."""

import io
import re
from typing import Literal

import av
from av.codec.codec import UnknownCodecError
from av.error import FFmpegError
from av.video.format import VideoFormat
from av.video.stream import VideoStream

Siting = Literal["left", "center", "topleft", "top"]
"""FFmpeg's names, for the place of a chroma sample among the luma samples that share it."""

_ELEMENTS = re.compile(rb"\x55\xb7\x81(.)\x55\xb8\x81(.)", re.DOTALL)
"""ChromaSitingHorz and ChromaSitingVert (RFC 9559 §5.1.4.1.28.20 and the next), one byte each."""

_MEANINGS: dict[tuple[int, int], Siting] = {(1, 1): "topleft", (1, 2): "left", (2, 1): "top", (2, 2): "center"}


def chroma_siting(stream: VideoStream) -> Siting:
    """The siting that the stream states, or its codec's own.

    JPEG and MPEG-1 site chroma between the luma samples, all later MPEG and ITU-T codecs at the left one.
    """
    default: Siting = "center" if stream.codec_context.codec.canonical_name in ("mjpeg", "mpeg1video") else "left"
    header = io.BytesIO()
    try:
        with av.open(header, "w", format="matroska") as container:
            container.add_stream_from_template(stream, opaque=True)  # type: ignore[type-var]
            container.start_encoding()
            found = _ELEMENTS.search(header.getvalue())
    except (FFmpegError, ValueError, UnknownCodecError):
        return default
    return _MEANINGS.get((found[1][0], found[2][0]), default) if found else default


def is_420(pix_fmt: str) -> bool:
    """Whether chroma is halved both ways: only there do streams say where it lies from top to bottom."""
    fmt = VideoFormat(pix_fmt)
    return len(fmt.components) >= 3 and (fmt.chroma_width(16), fmt.chroma_height(16)) == (8, 8)
