"""Decode times of copied streams that never step back: no muxer takes others, and a damaged recording has them."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from av.packet import Packet


@dataclass
class _Track:
    tick: Fraction
    """Of the new file, in seconds: in its ticks the muxer compares."""
    strict: bool
    """Whether each packet needs a time of its own."""
    last: int | None = None
    held: Packet | None = None


def monotonic_dts(
    packets: Iterable[Packet], ticks: Mapping[int, Fraction], *, strict: bool, moved: Counter[int]
) -> Iterator[Packet]:
    """Yields the packets, those that would step back moved to just after the one before, as FFmpeg's own tool does.

    A sound packet waits for the next one of its stream: where it lies behind that one, its own time is wrong (a flipped
    bit), and not the times of all that follow.

    Args:
        packets: as they lie in the file.
        ticks: time base of each new stream, by the number of its source.
        strict: two packets of a stream must not share a time.
        moved: counts by stream what was moved.

    Raises:
        OverflowError: a moved time does not fit in 64 bits.
    """
    tracks: dict[int, _Track] = {}
    for packet in packets:
        number, sound = packet.stream_index, packet.stream.type == "audio"
        track = tracks.setdefault(number, _Track(ticks[number], strict and sound))
        before, track.held = track.held, None
        timed = packet.dts is not None
        if before is not None:
            moved[number] += _put(track, before, packet if timed else None)
            yield before
        if sound and timed:
            track.held = packet
            continue
        moved[number] += timed and _put(track, packet, None)
        yield packet
    for number, track in tracks.items():
        if track.held is not None:
            moved[number] += _put(track, track.held, None)
            yield track.held


def _put(track: _Track, packet: Packet, following: Packet | None) -> bool:
    """Gives a packet its place behind the last one. Returns whether it had to be moved."""
    own = _ticks(packet, track.tick)
    time = own
    if following is not None and own > (next_time := _ticks(following, track.tick)):
        # One of the two is wrong: this one, where the next one goes on from the last.
        if track.last is None:
            time = next_time - 1
        elif next_time > track.last:
            time = track.last
    if track.last is not None:
        time = max(time, track.last + track.strict)
    track.last = time
    if time == own:
        return False
    assert packet.dts is not None
    shown_later = packet.pts - packet.dts if packet.pts is not None else 0
    scale = (packet.time_base or 1) / track.tick
    packet.duration = round((packet.duration or 0) * scale)
    packet.time_base = track.tick
    packet.dts, packet.pts = time, time + round(shown_later * scale)
    return True


def _ticks(packet: Packet, tick: Fraction) -> int:
    """The decode time as the muxer will round it: to the nearest, halves away from zero."""
    exact = (packet.dts or 0) * (packet.time_base or 1) / tick
    return int(exact + Fraction(1, 2)) if exact >= 0 else -int(Fraction(1, 2) - exact)
