"""The line itself: scaled down, encoded at a rate that changes, lost, decoded, picture for picture."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from av import VideoFrame

from .encoders import ENCODERS, Encoder, live_options
from .parameters import FrameDip, LineParameters, Loss, PictureFacts
from .scaling import scaled
from .stream import Stream

_TOLERATED = (0.7, 1.4)
"""Where a rate needs a new encoder: how far it may change before there is one, so that few keyframes come of it."""
_LOWEST = 8000
"""Bits per second, below which encoders refuse."""


@dataclass(frozen=True)
class Shown:
    """What the receiver shows for one picture."""

    picture: VideoFrame
    """yuv420p of the sent size."""
    facts: PictureFacts
    bits: int
    """Sent for it."""


def through_line(frames: Iterable[VideoFrame], parameters: LineParameters, fps: float) -> Iterator[Shown]:
    """Each picture as the line delivers it, before it is scaled up.

    Args:
        frames: yuv420p, all of one size.
        fps: turns bits per picture into the encoder's bits per second.

    Yields:
        One for each frame, at once.
    """
    line = _Line(parameters, fps)
    for number, frame in enumerate(frames):
        yield line.deliver(frame, number)
    line.hang_up()


class _Line:
    """The state between two pictures."""

    def __init__(self, parameters: LineParameters, fps: float) -> None:
        self._parameters, self._fps = parameters, fps
        self._encoder = None if parameters.encoder is None else ENCODERS[parameters.encoder]
        self._stream: Stream | None = None
        self._shrink = 0.0
        self._last: Shown | None = None
        self._key_number, self._switch_number = 0, -1
        self._frozen = False

    def deliver(self, frame: VideoFrame, number: int) -> Shown:
        """The picture of that number, sent or lost, and what is shown."""
        p, moment = self._parameters, number % self._parameters.period
        dip = _dip_at(p.dips, moment)
        if self._last is not None and dip is not None and (moment - dip.start) % dip.one_in:
            return self._again(number, self._last)
        shrink = p.sizes[bisect_right(p.sizes, moment, key=lambda step: step.start) - 1].shrink
        small = _small(frame, shrink, self._encoder, p.down_filter)
        switched = self._last is not None and shrink != self._shrink
        if switched:
            self.hang_up()
            self._switch_number = number
        self._shrink = shrink
        shown, bits, keyframe = small, 0, number == 0
        if self._encoder is not None:
            shown, bits, keyframe = self._sent(small, self._encoder, moment, 1 if dip is None else dip.one_in)
        if keyframe:
            self._key_number = number
        if shown is None and self._last is not None:
            return self._again(number, self._last, bits)
        facts = self._facts(number, (small.width, small.height), repeated=False)
        self._last = Shown(shown or small, facts, bits)
        return self._last

    def hang_up(self) -> None:
        """Ends the stream; the next picture starts a new one."""
        if self._stream is not None:
            for _ in self._stream.rest():  # nothing, since encoder and decoder are live
                pass
        self._stream, self._frozen = None, False

    def _sent(
        self, small: VideoFrame, encoder: Encoder, moment: int, pictures: int
    ) -> tuple[VideoFrame | None, int, bool]:
        """(the picture that comes out, or None where nothing does; bits; whether a keyframe came)."""
        p = self._parameters
        factor = p.rates[bisect_right(p.rates, moment, key=lambda step: step.start) - 1].factor
        bits = (p.bits_per_pixel or 0) * small.width * small.height * self._fps
        rate = max(int(bits * (1 if encoder.paced else factor)), _LOWEST)
        if self._stream is not None and not encoder.paced:
            low, high = (limit * (self._stream.bit_rate or rate) for limit in _TOLERATED)
            if not low <= rate <= high:
                self.hang_up()
        fresh = self._stream is None
        if self._stream is None:
            options = live_options(encoder, rate, p.speed, p.keyframe_interval)
            self._stream = Stream(encoder, small, self._fps, options, rate)
        loss = _loss_at(p.losses, moment)
        asked = any(moment == loss.start + loss.pictures + loss.recovery for loss in p.losses)
        pace = (factor if encoder.paced else 1) * pictures
        sent = self._stream.send(small, pace, keyframe=asked and not fresh)
        if loss is not None and not fresh:
            self._frozen = self._frozen or loss.frozen
            return None, 8 * sent.size, False
        self._frozen = self._frozen and not sent.keyframe
        shown = self._stream.show(sent)
        return None if self._frozen else shown, 8 * sent.size, sent.keyframe

    def _again(self, number: int, last: Shown, bits: int = 0) -> Shown:
        size = last.facts.sent_width, last.facts.sent_height
        return Shown(last.picture, self._facts(number, size, repeated=True), bits)

    def _facts(self, number: int, size: tuple[int, int], repeated: bool) -> PictureFacts:
        since_switch = None if self._switch_number < 0 else number - self._switch_number
        return PictureFacts(number - self._key_number, since_switch, repeated, *size)


def _dip_at(dips: Iterable[FrameDip], moment: int) -> FrameDip | None:
    return next((dip for dip in dips if dip.start <= moment < dip.end), None)


def _loss_at(losses: Iterable[Loss], moment: int) -> Loss | None:
    return next((loss for loss in losses if loss.start <= moment < loss.start + loss.pictures), None)


def _small(frame: VideoFrame, shrink: float, encoder: Encoder | None, by: str) -> VideoFrame:
    """The picture as it is sent: of even sides, at least the encoder's least."""
    least = 16 if encoder is None else encoder.smallest
    width, height = (max(round(side / shrink / 2) * 2, least) for side in (frame.width, frame.height))
    return scaled(frame, width, height, by)
