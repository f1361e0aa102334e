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
    """Whether a picture comes of it: not for VP8's hidden reference pictures, nor where an edit list cuts it away."""


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

    Where presentation times are missing, repeat, or step back at a keyframe, pictures could not be told apart by time,
    and the whole stream is one chunk.

    Args:
        packets: in decode order; at least one.
        target_ticks: the chunk length to reach, in ticks of the stream's time base.
        missing: pictures that are announced after the last packet, and that the last chunk is to count as lost.
    """
    cuts = [0, *_cuts(packets, target_ticks)]
    bounds = [None, *(packets[cut].pts for cut in cuts[1:]), None]
    marks = [_mark(packets, cut) for cut in cuts]
    shown = sorted(packet.pts for packet in packets if packet.shown and packet.pts is not None)
    # For each place, the earliest time from there to the end: it never falls, and tells how far a chunk must read.
    times = [packet.pts if packet.pts is not None else 0 for packet in packets]
    earliest_from = list(accumulate(reversed(times), min))[::-1]
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


def _cuts(packets: Sequence[PacketTiming], target_ticks: int) -> list[int]:
    """The decode-order places of the keyframes at which the stream is cut, the first packet aside."""
    times = [packet.pts for packet in packets if packet.shown]
    if not times or any(time is None for time in times) or len(set(times)) < len(times):
        return []
    cuts: list[int] = []
    first = last = min(time for time in times if time is not None)
    newest = first - 1
    for place, packet in enumerate(packets):
        if packet.pts is None:
            continue
        if packet.keyframe and packet.shown and place:
            if packet.pts <= newest:
                return []  # the clock was set back on the way (joined recordings): times no longer tell the order
            if packet.pts >= last + target_ticks:
                cuts.append(place)
                last = packet.pts
        newest = max(newest, packet.pts)
    # A rest shorter than a quarter of a chunk is not worth a chunk of its own.
    if cuts and newest - last < target_ticks // 4:
        cuts.pop()
    return cuts


def _mark(packets: Sequence[PacketTiming], place: int) -> PacketMark:
    packet = packets[place]
    return PacketMark(place, packet.pts, packet.dts, packet.size)


def _count(shown: list[int], start_pts: int | None, end_pts: int | None) -> int:
    low = 0 if start_pts is None else bisect_left(shown, start_pts)
    high = len(shown) if end_pts is None else bisect_left(shown, end_pts)
    return high - low
