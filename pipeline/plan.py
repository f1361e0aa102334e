"""The plan of a recording's chunks: decided from its packets' timing alone, without decoding anything.

A chunk owns a range of presentation times and is decoded from a keyframe. At an open GOP, pictures that are shown
before the keyframe follow it in the stream: they belong to the chunk before, which therefore reads a few packets past
its end. So each picture is owned by exactly one chunk, and each chunk decodes without its neighbours.

Chunks begin at keyframes where there are enough of them. A GOP that is much longer than a chunk (browsers record one
keyframe for a whole call) is cut inside, too: a chunk decodes from the keyframe before, and drops what is not its own.
Where the student sees several pictures at once, a chunk also decodes its neighbours' first and last ones, as context.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

LONG_GOP = 3
"""A GOP of more than so many chunks' length is cut inside; in a shorter one, decoding from the keyframe anew costs more
than smaller chunks bring."""
MOST_PIECES = 4
"""A GOP is cut into so many pieces at most. Before each of N equal pieces, those before it are decoded and dropped:
(N − 1) / 2 times the GOP in all, however long it is. At 720p, decoding is 4 to 8 % of a picture's work with `fast` and
2 to 4 % with `balanced`: four pieces take 6 to 12 or 3 to 6 % more work than one (`benchmarks/speed/pre_roll.py`)."""
MOST_LEADING = 16
"""Pictures that follow a keyframe in the stream and are shown before it: H.264 and HEVC keep no more in a decoder."""


PtsRange = tuple[int | None, int | None]
"""The presentation times from one on and before another; None: without end on that side."""
WHOLE: PtsRange = (None, None)


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
    """None in a recording's first chunk: it owns everything before its end."""
    end_pts: int | None
    """None in its last chunk: it owns everything after its start."""
    start: PacketMark
    """Where decoding begins: a keyframe, or the stream's first packet."""
    earlier_start: PacketMark | None
    """A keyframe before, for streams whose keyframe needs what came before it; None where there is none."""
    end_packet: int
    """The chunk's own pictures need no packet from this one on (its place in decode order)."""
    frames: int
    """Pictures expected of it."""
    before: int = 0
    """Pictures expected as context before its own, in presentation order."""
    after: int = 0
    """Pictures expected as context after its own."""

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


def plan_chunks(
    packets: Sequence[PacketTiming],
    target_ticks: int,
    missing: int = 0,
    *,
    context: tuple[int, int] = (0, 0),
    inside_gops: bool = True,
    within: PtsRange = WHOLE,
) -> tuple[Chunk, ...]:
    """Cuts a stream into chunks of at least `target_ticks`, at keyframes and inside of long GOPs.

    Chunks' pictures are told apart by time: around a place where the clock steps back (joined recordings), there is no
    cut until all later pictures are shown after all earlier ones. Where presentation times are missing, the whole
    stream is one chunk.

    Args:
        packets: in decode order; at least one.
        target_ticks: the chunk length to reach, in ticks of the stream's time base.
        missing: pictures that are announced after the last packet, and that the last chunk is to count as lost.
        context: how many pictures before and after its own a chunk decodes.
        inside_gops: whether long GOPs are cut.
        within: the pictures that chunks are made of: bounds are times of pictures. The others are seen as context.
    """
    target_ticks = max(1, target_ticks)
    earliest_from = _earliest_from(packets)
    shown = sorted(packet.pts for packet in packets if packet.shown and packet.pts is not None)
    keys = _keyframes(packets, earliest_from)
    cuts = [0, *_cuts(packets, keys, target_ticks, earliest_from, inside_gops=inside_gops)]
    if within != WHOLE:
        cuts = _cuts_within(packets, cuts, within, shown[-1], target_ticks)
    bounds = [within[0], *(packets[cut].pts for cut in cuts[1:]), within[1]]
    chunks: list[Chunk] = []
    starts = [key for key in keys if key < cuts[0]]
    for index, (start_pts, end_pts) in enumerate(pairwise(bounds)):
        end_packet = len(packets)
        if end_pts is not None:
            # Packets behind the next keyframe that are shown before it are this chunk's, too.
            end_packet = bisect_left(earliest_from, end_pts)
        earlier = 0 if start_pts is None else _count(shown, None, start_pts)
        later = 0 if end_pts is None else _count(shown, end_pts, None)
        before, after = min(context[0], earlier), min(context[1], later)
        start = _start(packets, keys, shown, cuts[index], before)
        chunks.append(
            Chunk(
                index=index,
                start_pts=start_pts,
                end_pts=end_pts,
                start=_mark(packets, start),
                earlier_start=next((_mark(packets, other) for other in reversed(starts) if other < start), None),
                end_packet=end_packet,
                frames=sum(packet.shown for packet in packets)
                if (start_pts, end_pts) == WHOLE
                else _count(shown, start_pts, end_pts),
                before=before,
                after=after,
            )
        )
        starts.append(start)
    if within[1] is None:
        chunks[-1] = replace(chunks[-1], frames=chunks[-1].frames + missing)
    return tuple(chunks)


def _cuts_within(
    packets: Sequence[PacketTiming], cuts: Sequence[int], within: PtsRange, newest: int, target_ticks: int
) -> list[int]:
    """The place of a range's first picture, and those of the cuts that are well inside of the range."""
    start, end = within
    first = next((place for place, packet in enumerate(packets) if packet.shown and packet.pts == start), 0)
    rest = target_ticks // 4  # as at a stream's end: a shorter one is not worth a chunk of its own
    since = min(p.pts for p in packets if p.shown and p.pts is not None) if start is None else start
    until = newest if end is None else end
    return [first, *(cut for cut in cuts[1:] if since + rest < (packets[cut].pts or 0) < until - rest)]


def _earliest_from(packets: Sequence[PacketTiming]) -> list[int]:
    """For each place, the earliest time from there to the end: it never falls, and tells how far a chunk must read.
    What is not shown for itself is needed where the packet before it is."""
    times: list[int] = []
    for packet in packets:
        own = packet.pts if packet.shown else None
        times.append(own if own is not None else times[-1] if times else 0)
    return list(accumulate(reversed(times), min))[::-1]


def _keyframes(packets: Sequence[PacketTiming], earliest_from: Sequence[int]) -> list[int]:
    """The places from which all that is shown later decodes: the first packet's, and those of keyframes that are shown
    after all that comes before them. Only the first one where presentation times are missing."""
    keys = [0]
    if any(packet.pts is None for packet in packets if packet.shown):
        return keys
    for place, packet in _after_the_past(packets, 0, len(packets)):
        if place and packet.keyframe and _ends_the_past(packets, place, earliest_from):
            keys.append(place)
    return keys


def _cuts(
    packets: Sequence[PacketTiming],
    keys: Sequence[int],
    target_ticks: int,
    earliest_from: Sequence[int],
    *,
    inside_gops: bool,
) -> list[int]:
    """The decode-order places at which the stream is cut, the first packet aside."""
    times = [packet.pts for packet in packets if packet.shown and packet.pts is not None]
    if not times or any(packet.pts is None for packet in packets if packet.shown):
        return []
    cuts: list[int] = []
    last, newest = min(times), max(times)
    for key, end in pairwise([*keys, len(packets)]):
        since, until = packets[key].pts if key else last, packets[end].pts if end < len(packets) else newest
        assert since is not None, "keyframes that count are shown, and shown pictures have times"
        assert until is not None
        if key and since >= last + target_ticks:
            cuts.append(key)
            last = since
        if inside_gops and until - since > LONG_GOP * target_ticks:
            cuts += _inside(packets, key, end, (last, until), target_ticks, earliest_from)
            last = packets[cuts[-1]].pts if cuts else last
            assert last is not None
    # A rest shorter than a quarter of a chunk is not worth a chunk of its own.
    if cuts and newest - last < target_ticks // 4:
        cuts.pop()
    return cuts


def _inside(
    packets: Sequence[PacketTiming],
    key: int,
    end: int,
    span: tuple[int, int],
    target_ticks: int,
    earliest_from: Sequence[int],
) -> list[int]:
    """The places at which a GOP is cut inside: into pieces of about as many pictures, none shorter than a chunk.

    Args:
        key, end: its first place, and the next one's.
        span: when the chunk that its first pictures belong to begins, and when it ends.
    """
    last, until = span
    pieces = min(MOST_PIECES, (until - last) // target_ticks)
    shown = list(accumulate(packet.shown for packet in packets[key:end]))
    step = -(-shown[-1] // pieces)
    cuts: list[int] = []
    since = key
    for place, packet in _after_the_past(packets, key, end):
        assert packet.pts is not None, "shown pictures have times"
        if packet.pts < last + target_ticks or packet.pts > until - target_ticks or place == key:
            continue
        if shown[place - key] - shown[since - key] >= step and _ends_the_past(packets, place, earliest_from):
            cuts.append(place)
            last, since = packet.pts, place
    return cuts


def _after_the_past(packets: Sequence[PacketTiming], key: int, end: int) -> Iterator[tuple[int, PacketTiming]]:
    """Of a range of places, those whose pictures are shown after all that comes before them in the range."""
    newest: int | None = None
    for place in range(key, end):
        packet = packets[place]
        if packet.shown and packet.pts is not None and (newest is None or packet.pts > newest):
            newest = packet.pts
            yield place, packet


def _start(packets: Sequence[PacketTiming], keys: Sequence[int], shown: Sequence[int], cut: int, before: int) -> int:
    """Where to begin decoding for the pictures from the one at `cut` on, and `before` of those shown before it."""
    bound = packets[cut].pts
    for key in reversed(keys[: bisect_right(keys, cut)]):
        if not key or _count(shown, packets[key].pts, bound) >= before:
            return key
    return 0


def _ends_the_past(packets: Sequence[PacketTiming], place: int, earliest_from: Sequence[int]) -> bool:
    """Whether, of what follows the picture at `place`, only its leading pictures are shown before it: of a keyframe at
    an open GOP, or the B pictures between two others."""
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


def _count(shown: Sequence[int], start_pts: int | None, end_pts: int | None) -> int:
    low = 0 if start_pts is None else bisect_left(shown, start_pts)
    high = len(shown) if end_pts is None else bisect_left(shown, end_pts)
    return high - low
