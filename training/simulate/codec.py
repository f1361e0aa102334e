"""Frames through a real H.264 encoder and straight back, in memory, one in, one out."""

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

import av
from av import VideoFrame
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

LOW_DELAY = {"tune": "zerolatency", "bf": "0"}
"""What a live call uses: no look-ahead, no B-frames."""


def h264_round_trip(
    frames: Iterable[VideoFrame], fps: float, options: Mapping[str, str], bit_rate: int | None = None
) -> Iterator[VideoFrame]:
    """Encodes with libx264 on one thread (so that the result is repeatable) and decodes again.

    Args:
        frames: pictures of one size, of even sides if yuv420p; their times are ignored.
        options: libx264 options beside `LOW_DELAY` and `threads`.
        bit_rate: bits per second, held within a second; None leaves the rate to the options (crf).

    Yields:
        As many frames, in order, with pts 0, 1, 2, …
    """
    encoder: VideoCodecContext | None = None
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, VideoCodecContext)
    decoder.thread_count = 1
    for number, frame in enumerate(frames):
        if encoder is None:
            encoder = _open_encoder(frame, fps, options, bit_rate)
        for packet in _encode_as(encoder, frame, number):
            yield from decoder.decode(packet)
    if encoder is not None:
        for packet in encoder.encode(None):
            yield from decoder.decode(packet)
        yield from decoder.decode(None)


def _encode_as(encoder: VideoCodecContext, frame: VideoFrame, number: int) -> list[av.Packet]:
    """The packets for a frame sent as the given number, the encoder choosing its type; the frame is as it was after."""
    before = frame.pts, frame.time_base, frame.pict_type
    frame.pts, frame.time_base, frame.pict_type = number, encoder.time_base, PictureType.NONE
    try:
        return list(encoder.encode(frame))
    finally:
        frame.pts, frame.pict_type = before[0], before[2]
        if before[1] is not None:
            frame.time_base = before[1]


def _open_encoder(frame: VideoFrame, fps: float, options: Mapping[str, str], bit_rate: int | None) -> VideoCodecContext:
    rate = Fraction(fps).limit_denominator(1001)
    settings = {**LOW_DELAY, **options, "threads": "1"}
    encoder = av.CodecContext.create("libx264", "w")
    assert isinstance(encoder, VideoCodecContext)
    if bit_rate is not None:
        encoder.bit_rate = bit_rate
        settings |= {"maxrate": str(bit_rate), "bufsize": str(bit_rate)}
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, frame.format.name
    encoder.framerate, encoder.time_base = rate, 1 / rate
    encoder.color_range, encoder.colorspace = frame.color_range, frame.colorspace
    encoder.options = settings
    return encoder
