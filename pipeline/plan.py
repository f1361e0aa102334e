"""How a recording is cut into chunks: decided from its packets' timing alone, without decoding anything.

A chunk owns a range of presentation times and is decoded from a keyframe. At an open GOP, pictures that are shown
before the keyframe follow it in the stream: they belong to the chunk before, which therefore reads a few packets past
its end. So each picture is owned by exactly one chunk, and each chunk decodes without its neighbours.
"""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

MOST_LEADING = 16
"""Pictures that follow a keyframe in the stream and are shown before it: H.264 and HEVC keep no more in a decoder."""


@dataclass(frozen=True, slots=True)  # an hour has a hundred thousand of them
class PacketTiming:
    """What the planner knows of one video packet; its place in the sequence is its place in decode order."""

    pts: int | None
    """In ticks of the stream's time base; None where the container stores none."""
    dts: int | None
    size: int
    """Payload bytes."""
    keyframe: bool
    shown: bool
    """Whether a picture comes of it: not for VP8's hidden reference pictures, nor where an edit list cuts it away, nor
    for a picture's second field."""
    second_field: bool = False
    """Whether it completes the picture that the packet before it began, and is needed wherever that one is."""


@dataclass(frozen=True)
class PacketMark:
    """Names one packet, so that it can be found again after a seek."""

    index: int
    """Its place in decode order among the stream's packets, from 0."""
    pts: int | None
    dts: int | None
    size: int


@dataclass(frozen=True)
class Chunk:
    """One piece of work: the pictures with `start_pts` ≤ PTS < `end_pts`. Small, immutable and JSON-serialisable."""

    index: int
    start_pts: int | None
    """None in the first chunk: it owns everything before its end."""
    end_pts: int | None
    """None in the last chunk: it owns everything after its start."""
    start: PacketMark
    """Where decoding begins."""
    earlier_start: PacketMark | None
    """The keyframe before, for streams whose keyframe needs what came before it; None in the first chunk."""
    end_packet: int
    """Decoding ends before this packet (its place in decode order)."""
    frames: int
    """Pictures expected of it."""

    @property
    def name(self) -> str:
        """The stem of the chunk's files."""
        return f"chunk-{self.index:05d}"

    def owns(self, pts: int | None) -> bool:
        """Whether the picture at `pts` is this chunk's. A picture without a time belongs to an only chunk."""
        if pts is None:
            return self.start_pts is None and self.end_pts is None
        return (self.start_pts is None or pts >= self.start_pts) and (self.end_pts is None or pts < self.end_pts)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Chunk":
        """The inverse of `dataclasses.asdict`."""
        earlier = data["earlier_start"]
        return cls(
            **{
                **data,
                "start": PacketMark(**data["start"]),
                "earlier_start": PacketMark(**earlier) if earlier else None,
            }
        )


def plan_chunks(packets: Sequence[PacketTiming], target_ticks: int, missing: int = 0) -> tuple[Chunk, ...]:
    """Cuts a stream into chunks of at least `target_ticks`, each of which starts at a keyframe.

    Chunks' pictures are told apart by time: around a place where the clock steps back (joined recordings), there is no
    cut until all later pictures are shown after all earlier ones. Where presentation times are missing, the whole
    stream is one chunk.

    Args:
        packets: in decode order; at least one.
        target_ticks: the chunk length to reach, in ticks of the stream's time base.
        missing: pictures that are announced after the last packet, and that the last chunk is to count as lost.
    """
    earliest_from = _earliest_from(packets)
    cuts = [0, *_cuts(packets, target_ticks, earliest_from)]
    bounds = [None, *(packets[cut].pts for cut in cuts[1:]), None]
    marks = [_mark(packets, cut) for cut in cuts]
    shown = sorted(packet.pts for packet in packets if packet.shown and packet.pts is not None)
    chunks = []
    for index, (start_pts, end_pts) in enumerate(pairwise(bounds)):
        end_packet = len(packets)
        if end_pts is not None:
            # Packets behind the next keyframe that are shown before it are this chunk's, too.
            end_packet = bisect_left(earliest_from, end_pts)
        chunks.append(
            Chunk(
                index=index,
                start_pts=start_pts,
                end_pts=end_pts,
                start=marks[index],
                earlier_start=marks[index - 1] if index else None,
                end_packet=end_packet,
                frames=_count(shown, start_pts, end_pts) if len(cuts) > 1 else sum(packet.shown for packet in packets),
            )
        )
    chunks[-1] = replace(chunks[-1], frames=chunks[-1].frames + missing)
    return tuple(chunks)


def _earliest_from(packets: Sequence[PacketTiming]) -> list[int]:
    """For each place, the earliest time from there to the end: it never falls, and tells how far a chunk must read.
    What is not shown for itself is needed where the packet before it is."""
    times: list[int] = []
    for packet in packets:
        own = packet.pts if packet.shown else None
        times.append(own if own is not None else times[-1] if times else 0)
    return list(accumulate(reversed(times), min))[::-1]


def _cuts(packets: Sequence[PacketTiming], target_ticks: int, earliest_from: Sequence[int]) -> list[int]:
    """The decode-order places of the keyframes at which the stream is cut, the first packet aside."""
    times = [packet.pts for packet in packets if packet.shown]
    if not times or any(time is None for time in times):
        return []
    cuts: list[int] = []
    first = last = min(time for time in times if time is not None)
    newest = first - 1
    for place, packet in enumerate(packets):
        if packet.pts is None or not packet.shown:
            continue
        due = packet.keyframe and place and packet.pts >= last + target_ticks
        if due and packet.pts > newest and _ends_the_past(packets, place, earliest_from):
            cuts.append(place)
            last = packet.pts
        newest = max(newest, packet.pts)
    # A rest shorter than a quarter of a chunk is not worth a chunk of its own.
    if cuts and newest - last < target_ticks // 4:
        cuts.pop()
    return cuts


def _ends_the_past(packets: Sequence[PacketTiming], place: int, earliest_from: Sequence[int]) -> bool:
    """Whether, of what follows the keyframe at `place`, only its leading pictures are shown before it."""
    keyframe = packets[place]
    decoded, leading, set_back = keyframe.dts, 0, False
    for number in range(place + 1, len(packets)):
        packet = packets[number]
        if packet.second_field:
            continue
        if packet.dts is not None:
            # Where decode times do not rise, the clock was set back: what looks like a leading picture comes later. A
            # step that a gap hides cannot be told from an open GOP, and is read as one: nothing is lost by it.
            set_back = set_back or (decoded is not None and packet.dts <= decoded)
            decoded = packet.dts
        if packet.shown and packet.pts is not None and keyframe.pts is not None:
            if packet.pts >= keyframe.pts:
                return earliest_from[number] >= keyframe.pts
            leading += 1
            if set_back or packet.keyframe or leading > MOST_LEADING:
                return False
    return True


def _mark(packets: Sequence[PacketTiming], place: int) -> PacketMark:
    packet = packets[place]
    return PacketMark(place, packet.pts, packet.dts, packet.size)


def _count(shown: list[int], start_pts: int | None, end_pts: int | None) -> int:
    low = 0 if start_pts is None else bisect_left(shown, start_pts)
    high = len(shown) if end_pts is None else bisect_left(shown, end_pts)
    return high - low
