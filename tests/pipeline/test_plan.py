"""Whatever the packets' timing: every picture is owned by one chunk, and each chunk can decode what it owns."""

import json
from dataclasses import asdict, replace
from itertools import pairwise

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from vidsharp.pipeline.plan import LONG_GOP, MOST_LEADING, MOST_PIECES, Chunk, PacketTiming, plan_chunks


@st.composite
def timelines(draw: st.DrawFn, *, perfect: bool = False) -> list[PacketTiming]:
    """Packets in decode order: GOPs with leading pictures, gaps, hidden packets; unless `perfect`, missing and repeated
    times, too."""
    packets: list[PacketTiming] = []
    clock = draw(st.integers(-2000, 2000))
    for _ in range(draw(st.integers(1, 8))):
        leading = draw(st.integers(0, 3)) if packets else 0
        gaps = st.integers(1, 90) | st.integers(1000, 5000)
        steps = draw(st.lists(gaps, min_size=leading + 1, max_size=leading + 12))
        stamps = []
        for step in steps:
            clock += step
            stamps.append(clock)
        # The keyframe comes first in decode order and is shown after its leading pictures.
        order = [stamps[leading], *stamps[:leading], *draw(st.permutations(stamps[leading + 1 :]))]
        for place, (pts, stamp) in enumerate(zip(order, stamps, strict=True)):
            hidden = place > 0 and draw(st.integers(0, 9)) == 0
            packets.append(PacketTiming(pts, stamp - 5000, draw(st.integers(1, 9)), place == 0, not hidden))
    if not packets[0].shown or draw(st.integers(0, 4)) == 0:
        packets[0] = PacketTiming(packets[0].pts, packets[0].dts, 5, draw(st.booleans()), True)
    if perfect:
        return packets
    fault = draw(st.sampled_from(["none", "missing", "repeated", "hidden without a time", "shown behind a keyframe"]))
    victim = draw(st.integers(0, len(packets) - 1))
    old = packets[victim]
    if fault == "missing":
        packets[victim] = PacketTiming(None, old.dts, old.size, old.keyframe, old.shown)
    elif fault == "repeated":
        packets.insert(victim, PacketTiming(old.pts, old.dts, old.size, False, True))
    elif fault == "hidden without a time" and not old.keyframe:
        packets[victim] = PacketTiming(None, old.dts, old.size, False, False)
    elif fault == "shown behind a keyframe":
        # Each GOP's last packet is shown after the first ones of the next.
        for place in range(2, len(packets) - 1):
            if packets[place].keyframe and not packets[place - 1].keyframe and not packets[place + 1].keyframe:
                early, late = packets[place - 1], packets[place + 1]
                packets[place - 1], packets[place + 1] = replace(early, pts=late.pts), replace(late, pts=early.pts)
    return packets


@given(timelines(), st.integers(0, 3000))
def test_every_picture_is_owned_once_and_chunks_tile_in_order(packets: list[PacketTiming], target: int) -> None:
    chunks = plan_chunks(packets, target)
    shown = [packet for packet in packets if packet.shown]
    for packet in shown:
        assert sum(chunk.owns(packet.pts) for chunk in chunks) == 1
    assert sum(chunk.frames for chunk in chunks) == len(shown)
    assert [chunk.index for chunk in chunks] == list(range(len(chunks)))
    assert chunks[0].start_pts is None
    assert chunks[-1].end_pts is None
    for before, after in pairwise(chunks):
        assert before.end_pts is not None
        assert before.end_pts == after.start_pts
    for chunk in chunks:
        assert chunk.frames == sum(chunk.owns(packet.pts) for packet in shown)


@given(timelines(), st.integers(1, 3000))
def test_a_chunk_reads_all_packets_that_it_needs(packets: list[PacketTiming], target: int) -> None:
    for chunk in plan_chunks(packets, target):
        needed = [i for i, packet in enumerate(packets) if packet.shown and chunk.owns(packet.pts)]
        assert chunk.start.index <= min(needed, default=chunk.start.index)
        assert max(needed, default=0) < chunk.end_packet <= len(packets)


REPEATED = [(1, 1, True), (10, 2, True), (8, 3, True), (8, 3, False), (9, 4, True), (17, 5, True), (18, 6, True)]
"""PTS, DTS and whether it is shown: a keyframe at 10 and its leading pictures, of which a packet comes twice."""


@example([PacketTiming(pts, dts, 1, dts < 3, shown) for pts, dts, shown in REPEATED], 1, True)
@given(timelines(), st.integers(1, 3000), st.booleans())
def test_chunks_decode_from_keyframes_and_know_the_one_before(
    packets: list[PacketTiming], target: int, inside: bool
) -> None:
    chunks = plan_chunks(packets, target, inside_gops=inside)
    assert (chunks[0].start.index, chunks[0].earlier_start) == (0, None)
    for before, chunk in pairwise(chunks):
        start = packets[chunk.start.index]
        assert start.keyframe or (inside and chunk.start.index == 0)
        assert (chunk.start.pts, chunk.start.dts, chunk.start.size) == (start.pts, start.dts, start.size)
        assert chunk.start_pts is not None
        if chunk.start.pts == chunk.start_pts:
            assert chunk.earlier_start == before.start
            continue
        assert inside, "only then is a chunk's first picture none that decodes by itself"
        pre_roll = packets[chunk.start.index : _place(packets, chunk)]
        assert not any(packet.keyframe and _is_clean(packets, packet) for packet in pre_roll[1:]), "the nearest one"
        assert chunk.earlier_start is None or chunk.earlier_start.index < chunk.start.index


def _place(packets: list[PacketTiming], chunk: Chunk) -> int:
    """Where a chunk's first picture lies, in decode order."""
    return next(place for place, packet in enumerate(packets) if packet.shown and packet.pts == chunk.start_pts)


def _is_clean(packets: list[PacketTiming], keyframe: PacketTiming) -> bool:
    """Whether a keyframe is shown after all before it in the stream, and before all after it but what leads it, up to
    where decode times rise."""
    at = packets.index(keyframe)
    shown = [(place, packet.pts) for place, packet in enumerate(packets) if packet.shown and packet.pts is not None]
    if keyframe.pts is None or not keyframe.shown or any(pts >= keyframe.pts for place, pts in shown if place < at):
        return False
    later = [pts for place, pts in shown if place > at]
    leading = next((n for n, pts in enumerate(later) if pts >= keyframe.pts), len(later))
    last = [at, *(place for place, _ in shown if place > at)][leading]
    decoded = [packet.dts for packet in packets[at : last + 1] if packet.dts is not None]
    rising = all(before < after for before, after in pairwise(decoded))
    return rising and leading <= 3 and all(pts >= keyframe.pts for pts in later[leading:])


@given(timelines(), st.integers(1, 3000), st.integers(0, 20), st.integers(0, 5), st.data())
def test_chunks_of_a_range_have_its_pictures_and_can_decode_them(
    packets: list[PacketTiming], target: int, before: int, after: int, data: st.DataObject
) -> None:
    assume(all(packet.pts is not None for packet in packets if packet.shown))
    shown = sorted(packet.pts for packet in packets if packet.shown and packet.pts is not None)
    ends = st.none() | st.sampled_from(shown)
    start, end = data.draw(ends), data.draw(ends)
    assume(start is None or end is None or start < end)
    assume(end is None or end > shown[0])
    chunks = plan_chunks(packets, target, 3, context=(before, after), within=(start, end))
    assert (chunks[0].start_pts, chunks[-1].end_pts) == (start, end)
    assert all(one.end_pts == other.start_pts is not None for one, other in pairwise(chunks))
    wanted = [pts for pts in shown if (start is None or pts >= start) and (end is None or pts < end)]
    assert sum(chunk.frames for chunk in chunks) == len(wanted) + (3 if end is None else 0)
    for chunk in chunks:
        earlier = [pts for pts in shown if chunk.start_pts is not None and pts < chunk.start_pts]
        later = [pts for pts in shown if chunk.end_pts is not None and pts >= chunk.end_pts]
        assert (chunk.before, chunk.after) == (min(before, len(earlier)), min(after, len(later)))
        needed = [place for place, packet in enumerate(packets) if packet.shown and chunk.owns(packet.pts)]
        assert chunk.start.index <= min(needed)
        assert max(needed) < chunk.end_packet
        if chunk.start.index:
            assert packets[chunk.start.index].keyframe
            assert _is_clean(packets, packets[chunk.start.index])
            assert sum(pts >= (chunk.start.pts or 0) for pts in earlier) >= chunk.before
        assert chunk.earlier_start is None or chunk.earlier_start.index < chunk.start.index


@given(timelines(), st.integers(1, 3000), st.integers(0, 20), st.integers(0, 5))
def test_context_is_planned_and_can_be_decoded(
    packets: list[PacketTiming], target: int, before: int, after: int
) -> None:
    shown = sorted(packet.pts for packet in packets if packet.shown and packet.pts is not None)
    alone = plan_chunks(packets, target)
    for chunk, other in zip(plan_chunks(packets, target, context=(before, after)), alone, strict=True):
        assert (chunk.start_pts, chunk.end_pts, chunk.frames) == (other.start_pts, other.end_pts, other.frames)
        earlier = [] if chunk.start_pts is None else [pts for pts in shown if pts < chunk.start_pts]
        later = [] if chunk.end_pts is None else [pts for pts in shown if pts >= chunk.end_pts]
        assert (chunk.before, chunk.after) == (min(before, len(earlier)), min(after, len(later)))
        assert chunk.start.index <= other.start.index
        assert chunk.start.index == 0 or sum(pts >= (chunk.start.pts or 0) for pts in earlier) >= chunk.before
        if chunk.earlier_start is not None:
            assert chunk.earlier_start.index < chunk.start.index


@given(st.integers(1, 400), st.integers(1, 40), st.sampled_from([(0,), (1, 0), (2, 0, 1), (3, 1, 0, 2)]), st.booleans())
def test_a_single_gop_is_cut_into_few_pieces_that_decode_it_a_few_times(
    groups: int, frames: int, order: tuple[int, ...], hidden: bool
) -> None:
    """Whatever its length: pre-roll is bounded. B pictures are shown before those that they follow."""
    packets = [PacketTiming(0, -100, 5, True, True)]
    for group in range(groups):
        for n, place in enumerate(order):
            at = 1 + group * len(order)
            packets.append(PacketTiming(10 * (at + place), 10 * (at + n) - 100, 5, False, True))
        if hidden:
            packets.append(PacketTiming(None, None, 5, False, False))
    shown = sum(packet.shown for packet in packets)
    target = 10 * frames
    chunks = plan_chunks(packets, target)
    assert (len(chunks) > 1) == (10 * (shown - 1) > LONG_GOP * target) or shown < 8 * len(order)
    assert len(chunks) <= MOST_PIECES
    assert {chunk.start.index for chunk in chunks} == {0}
    assert {chunk.earlier_start for chunk in chunks} == {None}
    starts = [sum(other.frames for other in chunks[:n]) for n in range(len(chunks))]
    assert sum(starts) <= (MOST_PIECES - 1) / 2 * shown + MOST_PIECES**2 * len(order), "one and a half times, at most"
    assert len(chunks) == 1 or all(chunk.frames >= frames for chunk in chunks)


def test_long_gops_are_cut_inside_and_short_ones_only_at_keyframes() -> None:
    packets = _steady(60, 30) + [replace(p, pts=(p.pts or 0) + 600, dts=(p.dts or 0) + 600) for p in _steady(300, 300)]
    packets += [replace(p, pts=(p.pts or 0) + 3600, dts=(p.dts or 0) + 3600) for p in _steady(60, 30)]
    chunks = plan_chunks(packets, 300)
    assert [chunk.frames for chunk in chunks] == [30, 30, *[300 // MOST_PIECES] * MOST_PIECES, 30, 30]
    assert [chunk.start.index for chunk in chunks] == [0, 30, *[60] * MOST_PIECES, 360, 390]
    assert [chunk.frames for chunk in plan_chunks(packets, 300, inside_gops=False)] == [30, 30, 300, 30, 30]
    assert [chunk.frames for chunk in plan_chunks(packets, 1000)] == [360, 60]


def test_a_long_gop_is_not_cut_where_times_step_back_or_are_missing() -> None:
    packets = _steady(300, 300)
    for n in range(140, 180):  # a stretch that is shown again
        packets[n] = replace(packets[n], pts=(packets[n].pts or 0) - 300)
    chunks = plan_chunks(packets, 300)
    assert sum(chunk.frames for chunk in chunks) == 300
    assert not any(1100 < (chunk.start_pts or 0) <= 1390 for chunk in chunks)
    packets[7] = replace(packets[7], pts=None)
    assert len(plan_chunks(packets, 300)) == 1


@given(timelines(perfect=True), st.integers(1, 3000))
def test_chunks_reach_the_target_except_for_the_rest(packets: list[PacketTiming], target: int) -> None:
    chunks = plan_chunks(packets, target)
    first = min(packet.pts for packet in packets if packet.shown and packet.pts is not None)
    bounds = [first, *(chunk.start_pts for chunk in chunks[1:] if chunk.start_pts is not None)]
    assert all(b - a >= target for a, b in pairwise(bounds))


@given(timelines(), st.integers(1, 3000))
def test_chunks_survive_json(packets: list[PacketTiming], target: int) -> None:
    for chunk in plan_chunks(packets, target):
        assert Chunk.from_json(json.loads(json.dumps(asdict(chunk)))) == chunk


def _steady(frames: int, gop: int) -> list[PacketTiming]:
    return [PacketTiming(i * 10, i * 10, 5, i % gop == 0, True) for i in range(frames)]


@pytest.mark.parametrize(
    ("frames", "target", "expected"),
    [
        (90, 300, [30, 30, 30]),
        (90, 301, [60, 30]),
        (90, 10_000, [90]),
        (96, 300, [30, 30, 36]),  # 6 pictures are less than a quarter of a chunk
        (100, 300, [30, 30, 30, 10]),
    ],
)
def test_steady_recordings_are_cut_as_asked(frames: int, target: int, expected: list[int]) -> None:
    assert [chunk.frames for chunk in plan_chunks(_steady(frames, 30), target)] == expected


def test_leading_pictures_belong_to_the_chunk_before_which_reads_past_its_end() -> None:
    stamps = [0, 10, 20, 50, 30, 40, 60, 70]  # the keyframe at 50 is followed by its leading pictures
    packets = [PacketTiming(pts, None, 5, pts in (0, 50), True) for pts in stamps]
    first, second = plan_chunks(packets, 40)
    assert (first.end_pts, first.end_packet, first.frames) == (50, 6, 5)
    assert (second.start.index, second.start_pts, second.frames) == (3, 50, 3)


def test_a_missing_time_leaves_the_stream_in_one_piece() -> None:
    packets = _steady(90, 30)
    packets[45] = PacketTiming(None, 450, 5, False, True)
    (chunk,) = plan_chunks(packets, 300)
    assert (chunk.frames, chunk.end_packet) == (90, 90)
    assert chunk.owns(None)


def test_no_cut_comes_between_a_time_and_its_repetition() -> None:
    packets = _steady(90, 30)
    packets[45] = PacketTiming(200, 450, 5, False, True)
    first, second = plan_chunks(packets, 300)
    assert (first.frames, first.end_packet) == (60, 60)
    assert (second.frames, second.start.index) == (30, 60)


@given(timelines(perfect=True), st.integers(1, 3000), st.integers(1, 4000), st.data())
def test_where_the_clock_steps_back_what_comes_first_is_shown_first(
    packets: list[PacketTiming], target: int, back: int, data: st.DataObject
) -> None:
    """A chunk's start is shown after all that comes before it, and before all that comes after it but for what was a
    leading picture before the step, too (as far as decode times show the step)."""
    at = data.draw(st.integers(1, len(packets)))
    true_times = [packet.pts or 0 for packet in packets]
    steps = [(p, replace(p, pts=(p.pts or 0) - back, dts=(p.dts or 0) - back)) for p in packets]
    packets = [stepped if place >= at else own for place, (own, stepped) in enumerate(steps)]
    told = at < len(packets) and (packets[at].dts or 0) <= (packets[at - 1].dts or 0)
    chunks = plan_chunks(packets, target)
    for chunk in chunks[1:]:
        start, bound = _place(packets, chunk), chunk.start_pts
        assert bound is not None
        shown = [(place, p.pts) for place, p in enumerate(packets) if p.shown and p.pts is not None]
        assert all(pts < bound for place, pts in shown if place < start)
        behind = [place for place, pts in shown if place > start and pts < bound]
        assert len(behind) <= MOST_LEADING
        if told:
            assert all(true_times[place] < true_times[start] for place in behind), "that picture comes later"


def test_what_a_step_back_inside_a_gap_puts_before_a_keyframe_counts_as_its_leading_picture() -> None:
    """The clock is set back by less than the gap before it: all times could be those of an open GOP, read as one."""
    keyframe = PacketTiming(1600, 600, 5, True, True)
    stepped = PacketTiming(1590, 1580, 5, False, True)  # 1610 before the step of 20
    rest = [PacketTiming(1610 + 10 * n, 1590 + 10 * n, 5, False, True) for n in range(90)]
    packets = [*_steady(60, 30), keyframe, stepped, *rest]
    chunks = plan_chunks(packets, 300)
    (before,) = [chunk for chunk in chunks if chunk.end_pts == keyframe.pts]
    assert before.owns(stepped.pts)
    assert before.end_packet == packets.index(stepped) + 1
    assert sum(chunk.frames for chunk in chunks) == len(packets)


def test_a_second_field_is_read_wherever_its_first_is() -> None:
    packets = [
        packet
        for n in range(60)
        for packet in (
            PacketTiming(n * 10, n * 10, 5, n % 10 == 0, True),
            PacketTiming(None, None, 5, n % 10 == 0, False, second_field=True),
        )
    ]
    chunks = plan_chunks(packets, 100)
    assert [chunk.frames for chunk in chunks] == [10] * 6
    assert [(chunk.start.index, chunk.end_packet) for chunk in chunks] == [(n, n + 20) for n in range(0, 120, 20)]


def test_names_sort_as_the_chunks_do() -> None:
    names = [chunk.name for chunk in plan_chunks(_steady(400, 1), 10)]
    assert names == sorted(names)
    assert names[0] == "chunk-00000"
    assert len(set(names)) == len(names) > 300
