"""Copied packets never step back in time, whatever a damaged recording says; those of a sound one stay as they are."""

import io
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction

import av
import hypothesis.strategies as st
import pytest
from av.container import OutputContainer
from av.packet import Packet
from hypothesis import given
from vidsharp.pipeline.monotonic_dts import monotonic_dts

TICK = Fraction(1, 1000)


@pytest.fixture(scope="module")
def out() -> Iterator[OutputContainer]:
    with av.open(io.BytesIO(), "w", format="matroska") as container:
        container.add_stream("aac", rate=48000)
        container.add_stream("aac", rate=48000)
        container.add_stream("libx264", rate=30)
        yield container


def packets(out: OutputContainer, times: list[int | None], stream: int = 0, tick: Fraction = TICK) -> list[Packet]:
    made = []
    for number, time in enumerate(times):
        packet = Packet(bytes([number % 256]))
        packet.stream, packet.time_base = out.streams[stream], tick
        packet.pts = packet.dts = time
        made.append(packet)
    return made


def put_right(given: list[Packet], *, strict: bool = True) -> tuple[list[int | None], Counter[int]]:
    moved: Counter[int] = Counter()
    made = list(monotonic_dts(given, dict.fromkeys(range(3), TICK), strict=strict, moved=moved))
    assert sorted(map(id, made)) == sorted(map(id, given)), "none is lost, none is made"
    return [packet.dts for packet in made], moved


@pytest.mark.parametrize(
    ("times", "kept"),
    [
        ([0, 20, 40, 60, 80], [0, 20, 40, 60, 80]),
        ([0, 20, 32_000, 60, 80], [0, 20, 21, 60, 80]),  # one flipped bit: the others keep their times
        ([0, 20, 3, 60, 80], [0, 1, 3, 60, 80]),  # either may be wrong: one is moved
        ([32_000, 20, 40], [19, 20, 40]),
        ([0, 20, 40, 0, 20, 40, 60], [0, 20, 40, 41, 42, 43, 60]),  # joined to itself
        ([0, 0, 0, 20], [0, 1, 2, 20]),
        ([0, None, 20, None], [0, None, 20, None]),
        ([], []),
    ],
)
def test_only_what_is_wrong_is_moved(out: OutputContainer, times: list[int | None], kept: list[int | None]) -> None:
    made, moved = put_right(packets(out, times))
    assert made == kept
    assert moved[0] == sum(a != b for a, b in zip(times, kept, strict=True))


def test_packets_may_share_a_time_where_the_container_allows_it(out: OutputContainer) -> None:
    assert put_right(packets(out, [0, 0, 5, 5, 4]), strict=False)[0] == [0, 0, 5, 5, 5]


@given(
    times=st.lists(st.none() | st.integers(-(2**40), 2**40) | st.integers(0, 50), max_size=30),
    kind=st.sampled_from([0, 2]),
    strict=st.booleans(),
    tick=st.sampled_from([TICK, Fraction(1, 90000), Fraction(1001, 30000)]),
)
def test_no_time_steps_back(
    out: OutputContainer, times: list[int | None], kind: int, strict: bool, tick: Fraction
) -> None:
    given = packets(out, times, kind, tick)
    moved: Counter[int] = Counter()
    last = None
    for packet in monotonic_dts(given, {kind: TICK}, strict=strict, moved=moved):
        if packet.dts is not None and packet.time_base is not None:
            time = packet.dts * packet.time_base
            assert last is None or time - last >= -TICK, "but for what the muxer rounds away"
            assert packet.pts is not None
            assert packet.pts >= packet.dts
            last = time


def test_streams_do_not_disturb_each_other(out: OutputContainer) -> None:
    a, b = packets(out, [0, 20, 40], 0), packets(out, [100, 90, 120], 1)
    mixed = [packet for pair in zip(a, b, strict=True) for packet in pair]
    moved: Counter[int] = Counter()
    made = list(monotonic_dts(mixed, {0: TICK, 1: TICK}, strict=True, moved=moved))
    assert [packet.dts for packet in made if packet.stream_index == 0] == [0, 20, 40]
    assert [packet.dts for packet in made if packet.stream_index == 1] == [89, 90, 120]
    assert moved == {0: 0, 1: 1}


def test_presentation_stays_as_far_behind_decoding_as_it_was(out: OutputContainer) -> None:
    given = packets(out, [0, 9000, 90], 2, Fraction(1, 90000))
    given[2].pts, given[2].duration = 90 + 900, 1800
    moved: Counter[int] = Counter()
    *_, last = monotonic_dts(given, {2: TICK}, strict=False, moved=moved)
    assert (last.dts, last.pts, last.duration, last.time_base) == (100, 110, 20, TICK)
