"""The line itself: scaled down, encoded at a rate that changes, lost, decoded, picture for picture."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from av import VideoFrame

from .encoders import ENCODERS, Encoder, live_options
from .parameters import LineParameters, Loss, PictureFacts
from .scaling import scaled
from .stream import Sent, Stream

_TOLERATED = (0.7, 1.4)
"""Where a rate needs a new encoder: how far it may change before there is one, so that few keyframes come of it."""
_LOWEST = 8000
"""Bits per second, below which encoders refuse."""


@dataclass(frozen=True)
class Shown:
    """A picture as the receiver shows it."""

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
        One for each frame, a picture later where the encoder wants to know how long a picture stands.
    """
    sender, receiver = _Sender(parameters, fps), _Receiver()
    for number, frame in enumerate(frames):
        for delivered in sender.take(frame, number):
            yield receiver.show(delivered)
    for delivered in sender.hang_up():
        yield receiver.show(delivered)


@dataclass
class _Picture:
    """A picture on its way."""

    number: int
    small: VideoFrame | None
    """As it is sent; None: it is not sent."""
    switched: bool = False
    """The first of its size, after another one."""
    loss: Loss | None = None
    stream: Stream | None = None
    """That it goes through; None: it is not encoded."""
    sent: Sent | None = None
    """Its packets, once they are there."""
    conceals: bool = True
    """Its decoder goes on after a loss."""


class _Sender:
    """Decides what is sent of each picture, at what size and rate, and encodes it."""

    def __init__(self, parameters: LineParameters, fps: float) -> None:
        self._parameters, self._fps = parameters, fps
        self._encoder = None if parameters.encoder is None else ENCODERS[parameters.encoder]
        self._stream: Stream | None = None
        self._shrink = 0.0
        self._asked = False
        """The receiver wants a keyframe."""
        self._waiting: deque[_Picture] = deque()

    def take(self, frame: VideoFrame, number: int) -> Iterator[_Picture]:
        """Takes the picture of that number; yields those that are ready, in order."""
        p, moment = self._parameters, number % self._parameters.period
        self._asked = self._asked or any(moment == x.start + x.pictures + x.recovery for x in p.losses)
        dip = next((dip for dip in p.dips if dip.start <= moment < dip.end), None)
        if number and dip is not None and (moment - dip.start) % dip.one_in:
            self._waiting.append(_Picture(number, None))
            yield from self._ready()
            return
        shrink = p.sizes[bisect_right(p.sizes, moment, key=lambda step: step.start) - 1].shrink
        switched = number > 0 and shrink != self._shrink
        if switched:
            yield from self.hang_up()
        self._shrink = shrink
        picture = _Picture(number, _small(frame, shrink, self._encoder, p.down_filter), switched)
        if self._encoder is not None and picture.small is not None:
            yield from self._encode(picture, picture.small, self._encoder, 1 if dip is None else dip.one_in)
        else:
            self._waiting.append(picture)
        yield from self._ready()

    def hang_up(self) -> Iterator[_Picture]:
        """Ends the stream, so that the next picture starts a new one; yields what it still held."""
        if self._stream is not None:
            self._assign(self._stream.flush())
        self._stream = None
        yield from self._ready()

    def _encode(self, picture: _Picture, small: VideoFrame, encoder: Encoder, stands: int) -> Iterator[_Picture]:
        """Encodes a picture that stands for so many; yields what an encoder held that had to end before."""
        p, moment = self._parameters, picture.number % self._parameters.period
        factor = p.rates[bisect_right(p.rates, moment, key=lambda step: step.start) - 1].factor
        bits = (p.bits_per_pixel or 0) * small.width * small.height * self._fps
        rate = max(int(bits * (1 if encoder.paced else factor)), _LOWEST)
        if self._stream is not None and not encoder.paced:
            low, high = (limit * (self._stream.bit_rate or rate) for limit in _TOLERATED)
            if not low <= rate <= high:
                yield from self.hang_up()
        if self._stream is None:
            options = live_options(encoder, rate, p.speed, p.keyframe_interval)
            self._stream = Stream(encoder, small, self._fps, options, rate)
        else:  # the first picture of a stream is not lost: there would be none to show
            picture.loss = next((x for x in p.losses if x.start <= moment < x.start + x.pictures), None)
            picture.conceals = encoder.conceals
        picture.stream = self._stream
        self._waiting.append(picture)
        self._assign(self._stream.send(small, (factor if encoder.paced else 1) * stands, keyframe=self._asked))
        self._asked = False

    def _assign(self, sent: Iterable[Sent]) -> None:
        """Gives packets to the oldest pictures that wait for theirs."""
        for each in sent:
            next(p for p in self._waiting if p.stream is not None and p.sent is None).sent = each

    def _ready(self) -> Iterator[_Picture]:
        while self._waiting and (self._waiting[0].stream is None or self._waiting[0].sent is not None):
            yield self._waiting.popleft()


class _Receiver:
    """Decodes what arrives, and shows it or the last picture again."""

    def __init__(self) -> None:
        self._last: Shown | None = None
        self._keyframe, self._switch = 0, -1
        self._frozen = False

    def show(self, picture: _Picture) -> Shown:
        """The picture that stands on the receiver's screen for one that was sent."""
        shown, bits = picture.small, 0
        if picture.switched:
            self._switch = picture.number
        if picture.stream is not None and picture.sent is not None:
            shown, bits = self._decoded(picture, picture.stream, picture.sent), 8 * picture.sent.size
        repeated = shown is None
        if shown is None:
            assert self._last is not None, "The first picture of a call is always sent and decoded."
            shown = self._last.picture
        since_switch = None if self._switch < 0 else picture.number - self._switch
        facts = PictureFacts(picture.number - self._keyframe, since_switch, repeated, shown.width, shown.height)
        self._last = Shown(shown, facts, bits)
        return self._last

    def _decoded(self, picture: _Picture, stream: Stream, sent: Sent) -> VideoFrame | None:
        if picture.loss is not None:
            self._frozen = self._frozen or picture.loss.frozen or not picture.conceals
            return None
        if sent.keyframe:
            self._keyframe, self._frozen = picture.number, False
        shown = stream.show(sent)
        return None if self._frozen else shown


def _small(frame: VideoFrame, shrink: float, encoder: Encoder | None, by: str) -> VideoFrame:
    """The picture as it is sent: of even sides, at least the encoder's least."""
    least = 16 if encoder is None else encoder.smallest
    width, height = (max(round(side / shrink / 2) * 2, least) for side in (frame.width, frame.height))
    return scaled(frame, width, height, by)
