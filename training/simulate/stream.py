"""An encoder and its decoder, in memory: a picture in, its packets and the picture that is shown for it out."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

import av
from av import Packet, VideoFrame
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from ...pipeline.real_time import no_real_time
from .encoders import Encoder, recording_options

TICKS = 3600
"""Ticks of an encoder's clock in a picture's time: a slower or faster pace is a fraction of it."""


@dataclass(frozen=True)
class Sent:
    """One picture, encoded."""

    packet: Packet

    @property
    def keyframe(self) -> bool:
        """Whether it stands on its own."""
        return self.packet.is_keyframe

    @property
    def size(self) -> int:
        """Its bytes."""
        return self.packet.size


class Stream:
    """A stream of pictures of one size."""

    def __init__(
        self, encoder: Encoder, like: VideoFrame, fps: float, options: Mapping[str, str], bit_rate: int | None = None
    ) -> None:
        """Opens the encoder and the decoder.

        Args:
            like: a picture of the size, format and colours to come; its sides even where the encoder wants that.
            bit_rate: bits per second at a pace of 1; None leaves the rate to the options.
        """
        self.bit_rate = bit_rate
        self._time = 0
        self._encoder = _create(encoder.codec, "w")
        rate = Fraction(fps).limit_denominator(1001)
        self._encoder.width, self._encoder.height, self._encoder.pix_fmt = like.width, like.height, like.format.name
        self._encoder.framerate, self._encoder.time_base = rate, 1 / (rate * TICKS)
        self._encoder.color_range, self._encoder.colorspace = like.color_range, like.colorspace
        if bit_rate is not None:
            self._encoder.bit_rate = bit_rate
        self._encoder.options = dict(options)
        with no_real_time():
            self._encoder.open()
        self._decoder = _create(encoder.decoder, "r")
        self._decoder.thread_count = 1

    def send(self, frame: VideoFrame, pace: float = 1.0, keyframe: bool = False) -> list[Sent]:
        """Encodes the next picture; the frame is as it was afterwards.

        Args:
            pace: pictures' times that pass until the next one; rate control gives more bits where it is more.
            keyframe: make it one.

        Returns:
            The pictures that are ready, oldest first: live encoders have this one, or the one before.
        """
        before = frame.pts, frame.time_base, frame.pict_type
        frame.pts, frame.time_base = self._time, Fraction(self._encoder.time_base)
        frame.pict_type = PictureType.I if keyframe else PictureType.NONE
        try:
            packets = list(self._encoder.encode(frame))
        finally:
            frame.pts, frame.pict_type = before[0], before[2]
            if before[1] is not None:
                frame.time_base = before[1]
        self._time += max(round(TICKS * pace), 1)
        return [Sent(packet) for packet in packets]

    def flush(self) -> list[Sent]:
        """The pictures that the encoder still holds; it takes no more after that."""
        return [Sent(packet) for packet in self._encoder.encode(None)]

    def show(self, sent: Sent) -> VideoFrame | None:
        """The decoded picture; None where a decoder has nothing to show, after a loss."""
        try:
            return next(iter(self._decoder.decode(sent.packet)), None)
        except FFmpegError:  # it refers to what was lost
            return None

    def decoded(self, sent: Iterable[Sent]) -> Iterator[VideoFrame]:
        """The pictures that come of it.

        Raises:
            FFmpegError: one does not decode.
        """
        for each in sent:
            yield from self._decoder.decode(each.packet)

    def rest(self) -> Iterator[VideoFrame]:
        """The pictures that encoder and decoder still hold, at the end."""
        yield from self.decoded(self.flush())
        yield from self._decoder.decode(None)


def recorded(frames: Iterable[VideoFrame], fps: float, encoder: Encoder, quality: int) -> Iterator[VideoFrame]:
    """Pictures of one size through a recorder of constant quality; yields as many."""
    stream: Stream | None = None
    for frame in frames:
        stream = stream or Stream(encoder, frame, fps, recording_options(encoder, quality))
        yield from stream.decoded(stream.send(frame))
    if stream is not None:
        yield from stream.rest()


def _create(name: str, mode: str) -> VideoCodecContext:
    context = av.CodecContext.create(name, "w" if mode == "w" else "r")
    assert isinstance(context, VideoCodecContext)
    return context
