"""Trials of an encoder on a few pictures: how many bytes it takes, and how near it stays to what it was given."""

import io
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
from av.error import FFmpegError
from av.filter import Graph
from av.video.frame import PictureType, VideoFrame

from .encoder import add_encoder
from .encoder_plan import EncoderPlan
from .errors import EncoderError
from .probe import ClipInfo

MOST_DB = 60.0
"""XPSNR of a picture counts up to this: nobody sees what lies beyond."""
_TICK = Fraction(1, 30)
"""XPSNR weighs change over time by the frame rate; pictures of calls come at about so many a second."""


@dataclass(frozen=True)
class Trial:
    """What an encoder made of a piece."""

    frames: int
    first_bytes: int
    """Of its first packet, a keyframe."""
    other_bytes: int
    """Of all others."""
    xpsnr_db: tuple[float, ...]
    """Of each picture's luma, against what the encoder was given, at most `MOST_DB`; empty where not compared."""


def try_encoder(
    plan: EncoderPlan,
    info: ClipInfo,
    pictures: Path,
    on_frame: Callable[[], None] = lambda: None,
    *,
    compared: bool = True,
) -> Trial:
    """Encodes the pictures of a file, and compares.

    Args:
        pictures: a file with them, without loss.
        compared: whether they are; that takes about as long as to encode them.

    Raises:
        EncoderError: the encoder fails, or its pictures cannot be compared.
    """
    try:
        encoded, frames, sizes = _encoded(plan, info, pictures, on_frame)
        figures = tuple(_xpsnr(encoded, pictures, on_frame)) if compared else ()
    except (FFmpegError, ValueError) as error:
        if isinstance(error, EncoderError):
            raise
        said = getattr(error, "strerror", None) or error
        raise EncoderError(f"{info.path}: the encoder {plan.name} could not be tried ({said})", info.path) from error
    if not sizes:
        raise EncoderError(f"{info.path}: the encoder {plan.name} made nothing of the pictures tried", info.path)
    return Trial(frames, sizes[0], sum(sizes[1:]), figures)


def _frames(file: Path | io.BytesIO) -> Iterator[VideoFrame]:
    with av.open(file if isinstance(file, io.BytesIO) else os.fspath(file), "r") as container:
        yield from container.decode(video=0)


def _encoded(
    plan: EncoderPlan, info: ClipInfo, pictures: Path, on_frame: Callable[[], None]
) -> tuple[io.BytesIO, int, list[int]]:
    """The encoded pictures as a file, how many they are, and the sizes of its packets."""
    file, number, sizes = io.BytesIO(), 0, list[int]()
    with av.open(file, "w", format=plan.chunk_format) as target:
        stream = add_encoder(target, plan, info)
        step = stream.codec_context.time_base

        def encode(frame: VideoFrame | None) -> None:
            for packet in stream.encode(frame):
                sizes.append(packet.size)
                target.mux(packet)

        for frame in _frames(pictures):
            frame.pts, frame.time_base, frame.pict_type = number, step, PictureType.NONE
            encode(frame)
            number += 1
            on_frame()
        encode(None)
    file.seek(0)
    return file, number, sizes


def _xpsnr(encoded: io.BytesIO, pictures: Path, on_frame: Callable[[], None]) -> Iterator[float]:
    """XPSNR of each picture by FFmpeg's filter (Helmrich et al., ICASSP 2020)."""
    comparison = None
    for number, pair in enumerate(zip(_frames(encoded), _frames(pictures), strict=True)):
        comparison = comparison or _Comparison(*pair)
        yield min(MOST_DB, comparison.of(number, *pair))
        on_frame()


class _Comparison:
    """FFmpeg's filter, at work on pairs of pictures in a row."""

    def __init__(self, made: VideoFrame, given: VideoFrame) -> None:
        self._graph = Graph()
        self._inputs = [
            self._graph.add_buffer(width=frame.width, height=frame.height, format=frame.format, time_base=_TICK)
            for frame in (made, given)
        ]
        compare, self._sink = self._graph.add("xpsnr"), self._graph.add("buffersink")
        for place, source in enumerate(self._inputs):
            source.link_to(compare, 0, place)
        compare.link_to(self._sink)
        self._graph.configure()

    def of(self, number: int, *pair: VideoFrame) -> float:
        for source, frame in zip(self._inputs, pair, strict=True):
            frame.pts, frame.time_base = number, _TICK
            source.push(frame)
        answer = self._sink.pull()
        assert isinstance(answer, VideoFrame)
        said = answer.metadata
        return float(said.get("lavfi.xpsnr.xpsnr.y") or said["lavfi.xpsnr.xpsnr.g"])
