"""The packets of copied streams that belong to a part of a recording, at the part's own times.

Sound and data are cut at packets, never inside. Where the container has edit lists, the packet that the part begins in
is kept with the one before it, which its decoder needs, and the list has players begin where the pictures do; elsewhere
sound begins with the first packet that is wholly in the part. Captions are cut in time. Further video begins at a
keyframe.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from fractions import Fraction

from av.packet import Packet
from av.stream import Disposition, Stream

from .window import Window


class PartPackets:
    """One pass over a recording's copied streams.

    Args:
        edit_lists: whether the new container has them.
    """

    def __init__(self, window: Window, *, edit_lists: bool) -> None:
        self._window = window
        self._edit_lists = edit_lists
        self._tracks: dict[int, _Track] = {}

    def of(self, packets: Iterable[Packet]) -> Iterator[Packet]:
        """The part's packets among `packets`, which come as they lie in the file."""
        if self._window.is_whole:
            yield from packets
            return
        for packet in packets:
            stream = packet.stream
            track = self._tracks.setdefault(stream.index, _new_track(stream, self._window, self._edit_lists))
            for kept in track.take(packet):
                track.began = True
                yield track.moved(kept)

    def notes(self) -> list[str]:
        """What could not be cut where the pictures were, a sentence for each stream."""
        return [note for _, track in sorted(self._tracks.items()) if (note := track.note())]


def _new_track(stream: Stream, window: Window, edit_lists: bool) -> "_Track":
    if stream.disposition & Disposition.attached_pic:
        return _Still(stream, window)
    if stream.type == "subtitle":
        return _Captions(stream, window)
    if stream.type == "video":
        return _Pictures(stream, window, edit_lists)
    return _Samples(stream, window, edit_lists and stream.type == "audio")


class _Track:
    """A stream on its way; each kind of stream has its own way of being cut."""

    def __init__(self, stream: Stream, window: Window) -> None:
        self._called = f"stream {stream.index} ({stream.type})"
        self._tick = stream.time_base or Fraction(1)
        self._start, self._end, self._back = window.start, window.end, window.back
        self.began = False
        self._late: Fraction | None = None
        """How long after the part's beginning the first packet comes, of a stream that was cut there."""

    def take(self, packet: Packet) -> Iterator[Packet]:
        """The packets that go out when this one comes."""
        raise NotImplementedError

    def moved(self, packet: Packet) -> Packet:
        """The packet at its new time."""
        ticks = round(self._back / (packet.time_base or self._tick))
        packet.pts = None if packet.pts is None else packet.pts - ticks
        packet.dts = None if packet.dts is None else packet.dts - ticks
        return packet

    def note(self) -> str | None:
        if not self._late:
            return None
        return f"{self._called} begins {float(self._late):.3f} s after the pictures, with its first whole packet"

    def _time(self, ticks: int | None, packet: Packet) -> Fraction | None:
        return None if ticks is None else ticks * (packet.time_base or self._tick)

    def _shown(self, packet: Packet) -> Fraction | None:
        return self._time(packet.pts if packet.pts is not None else packet.dts, packet)

    def _decoded(self, packet: Packet) -> Fraction | None:
        return self._time(packet.dts if packet.dts is not None else packet.pts, packet)

    def _length(self, packet: Packet) -> Fraction:
        return self._time(packet.duration or 0, packet) or Fraction(0)


class _Still(_Track):
    """Cover art: it has no time."""

    def take(self, packet: Packet) -> Iterator[Packet]:
        yield packet

    def moved(self, packet: Packet) -> Packet:
        return packet


class _Samples(_Track):
    """Sound, or data: each packet stands for itself, but for the one before, which decoders of sound need."""

    def __init__(self, stream: Stream, window: Window, edit_lists: bool) -> None:
        super().__init__(stream, window)
        self._edit_lists = edit_lists
        self._before = deque[Packet](maxlen=1)
        self._was_cut = False

    def take(self, packet: Packet) -> Iterator[Packet]:
        time = self._shown(packet)
        if time is None:
            if self.began or self._start is None:
                yield packet
            return
        if self._end is not None and time >= self._end:
            return
        reaches = time + (self._length(packet) if self._edit_lists else 0)
        begins_before = self._start is not None and time < self._start
        if self._start is not None and begins_before and (reaches <= self._start or not self._edit_lists):
            self._was_cut = True
            if self._edit_lists:
                self._before.append(packet)
            return
        if not self.began and self._was_cut and self._start is not None:
            self._late = max(Fraction(0), time - self._start)
        yield from self._before
        self._before.clear()
        yield packet


class _Pictures(_Track):
    """Further video: it decodes from a keyframe only."""

    def __init__(self, stream: Stream, window: Window, edit_lists: bool) -> None:
        super().__init__(stream, window)
        self._edit_lists = edit_lists
        self._since_keyframe: list[Packet] = []

    def take(self, packet: Packet) -> Iterator[Packet]:
        shown, decoded = self._shown(packet), self._decoded(packet)
        # By decode times: what follows may be needed for pictures that are shown before.
        if self._end is not None and decoded is not None and decoded >= self._end:
            return
        if self.began or self._start is None:
            yield packet
            return
        inside = shown is not None and shown >= self._start
        if packet.is_keyframe:
            self._since_keyframe.clear()
        if inside and packet.is_keyframe and not self._edit_lists and shown is not None:
            self._late = shown - self._start
        if self._edit_lists:
            self._since_keyframe.append(packet)
        if inside and self._edit_lists:
            yield from self._since_keyframe
            self._since_keyframe.clear()
        elif inside and packet.is_keyframe:
            yield packet

    def note(self) -> str | None:
        if not self._late:
            return None
        return f"{self._called} begins {float(self._late):.3f} s after the pictures, at its first keyframe"


class _Captions(_Track):
    """Subtitles: what is on screen at the part's ends is cut in time."""

    def __init__(self, stream: Stream, window: Window) -> None:
        super().__init__(stream, window)
        self._endless = False
        """Whether the last caption before the part does not say when it ends."""

    def take(self, packet: Packet) -> Iterator[Packet]:
        time, length = self._shown(packet), self._length(packet)
        if time is None or (self._end is not None and time >= self._end):
            return
        tick = packet.time_base or self._tick
        if self._start is not None and time < self._start:
            self._endless = not length
            if time + length <= self._start:
                return
            length -= self._start - time
            time = self._start
            packet.pts = packet.dts = -int(-time // tick)
            packet.duration = int(length / tick)
        if self._end is not None and time + length > self._end:
            packet.duration = int((self._end - time) / tick)
        yield packet

    def note(self) -> str | None:
        if not self._endless:
            return None
        return f"{self._called}: what it showed when the part begins is left out, since it does not say for how long"
