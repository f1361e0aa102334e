"""A session gives what each picture's window makes of it, in order, whichever way it is computed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vidsharp.models.enhance import Enhancer, PlaneFormat
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.sequence.neighbours import Picture
from vidsharp.models.sequence.session import Finished, Session

from tests.support.gpu import EIGHT, TEN, farthest, noise, student
from tests.support.seen_together import by_definition, toy

Planes = list[np.ndarray]
WAYS = {"cpu": {}, "look-ahead": {"gpu": GpuSettings(batch=2)}}
TOYS = {(way, domain): toy(domain, **more) for way, more in WAYS.items() for domain in ("luma", "rgb")}


def run(session: Session, pictures: Sequence[Picture]) -> list[Finished]:
    """All that come back, their planes copied while they are valid."""

    def copied(finished: list[Finished]) -> Iterator[Finished]:
        for one in finished:
            yield replace(one, made=[None if plane is None else plane.copy() for plane in one.made])

    made = [one for picture in pictures for one in copied(session.push(picture))]
    return [*made, *copied(session.flush())]


@st.composite
def scenes(draw: st.DrawFn) -> list[tuple[tuple[int, ...], Planes]]:
    """Frames, each with the sequences of its pictures and its planes: cuts, stills, small changes; some turn interlaced
    and back."""
    size = draw(st.tuples(st.integers(1, 10).map(lambda n: 4 * n), st.integers(1, 70)))
    frames: list[tuple[tuple[int, ...], Planes]] = []
    for _ in range(draw(st.integers(1, 4))):
        sequences = draw(st.sampled_from([(0,), (0,), (1, 2)]))
        planes = noise(draw(st.integers(0, 5)), size)
        for _ in range(draw(st.integers(1, 14))):
            frames.append((sequences, [plane.copy() for plane in planes]))
            if draw(st.booleans()):
                spot = planes[draw(st.integers(0, 2))]
                spot[draw(st.integers(0, 9)) % spot.shape[0], draw(st.integers(0, 30)) % spot.shape[1]] ^= 3
    return frames


def pictures_of(frames: list[tuple[tuple[int, ...], Planes]]) -> list[Picture]:
    """Fields are every other row."""
    return [
        Picture([plane[n - 1 :: 2] if n else plane for plane in planes], EIGHT, n, True, at)
        for at, (sequences, planes) in enumerate(frames)
        for n in sequences
    ]


def wanted_of(enhancer: Enhancer, frames: list[tuple[tuple[int, ...], Planes]]) -> list[list[np.ndarray | None]]:
    """By the definition: runs of whole frames, and of each field."""
    wanted: list[list[np.ndarray | None]] = []
    for sequences, run_ in groupby(frames, key=lambda frame: frame[0]):
        pictures = pictures_of(list(run_))
        made = [by_definition(enhancer, [p.planes for p in pictures if p.sequence == n], EIGHT) for n in sequences]
        wanted += [one for both in zip(*made, strict=True) for one in both]
    return wanted


@pytest.mark.parametrize("reuse", [True, False])
@pytest.mark.parametrize("domain", ["luma", "rgb"])
@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=10, deadline=None)
@given(frames=scenes())
def test_each_picture_is_what_its_window_makes_of_it(
    way: str, domain: str, reuse: bool, frames: list[tuple[tuple[int, ...], Planes]]
) -> None:
    enhancer, pictures = TOYS[way, domain], pictures_of(frames)
    finished = run(Session(enhancer, reuse=reuse), pictures)
    assert [one.picture for one in finished] == pictures, "all come back, in order"
    for one, wanted in zip(finished, wanted_of(enhancer, frames), strict=True):
        assert farthest(one.made, wanted) == 0


@pytest.mark.parametrize("way", WAYS)
@settings(max_examples=10, deadline=None)
@given(frames=scenes(), data=st.data())
def test_a_part_with_its_context_has_the_bits_of_the_whole(
    way: str, frames: list[tuple[tuple[int, ...], Planes]], data: st.DataObject
) -> None:
    enhancer = TOYS[way, "luma"]
    first = data.draw(st.integers(0, len(frames) - 1))
    end = data.draw(st.integers(first + 1, len(frames)))
    before, after = enhancer.context
    assert (before, after) == (8, 2)
    whole = run(Session(enhancer), pictures_of(frames))
    part = [
        replace(picture, owned=first <= picture.about < end)
        for picture in pictures_of(frames)
        if first - before <= picture.about < end + after
    ]
    mine = run(Session(enhancer), part)
    theirs = [one for one in whole if first <= one.picture.about < end]
    assert len(mine) == len(theirs)
    for one, other in zip(mine, theirs, strict=True):
        assert farthest(one.made, other.made) == 0


def test_what_stands_still_in_all_pictures_of_a_window_is_copied() -> None:
    """A spot that changes once, in picture 10, is computed as long as a window holds it and the one before."""
    enhancer, planes = toy(), noise(0, (600, 700))
    session, shares = Session(enhancer), []
    pictures = []
    for number in range(30):
        if number == 10:
            planes[0][300:303, 350:353] ^= 7
        pictures.append([plane.copy() for plane in planes])
    copied = 0.0
    for number, planes in enumerate(pictures):
        for one in session.push(Picture(planes, EIGHT, about=number)):
            total = (session.share or 0) * (one.picture.about + 1)
            shares.append(total - copied)
            copied = total
            wanted = by_definition(enhancer, pictures[: number + 1], EIGHT)[one.picture.about]
            assert farthest(one.made, wanted) == 0
    computed = [number for number, share in enumerate(shares) if share < 1 - 1e-9]
    assert computed == [0, 8, 9, 10, 11, 12, 18]
    assert all(share > 0.9 for share in shares[1:])


def test_a_picture_that_is_seen_alone_is_neither_held_back_nor_copied(monkeypatch: pytest.MonkeyPatch) -> None:
    session, planes = Session(Enhancer(student("fast"))), noise(0, (20, 24))
    for _ in range(3):
        (one,) = session.push(Picture(planes, EIGHT))
        assert one.picture.planes is planes
    assert session.flush() == []
    assert session.push(Picture(planes, EIGHT, owned=False)) == []


def test_a_window_is_held_back_no_longer_than_it_looks_ahead() -> None:
    session = Session(toy())
    came = [len(session.push(Picture(noise(n, (8, 8)), EIGHT))) for n in range(12)]
    assert came == [0, 0, *[1] * 10]
    assert len(session.flush()) == 2


def test_what_the_caller_writes_on_a_picture_that_came_back_does_not_count() -> None:
    """As the pipeline does: what was made is written in the picture's place, and later windows still see the source."""
    enhancer, pictures = toy(), [noise(n // 3, (16, 24)) for n in range(14)]
    wanted = by_definition(enhancer, [[plane.copy() for plane in planes] for planes in pictures], EIGHT)
    session, made = Session(enhancer), []
    for planes in pictures:
        for one in session.push(Picture(planes, EIGHT)):
            made.append([None if plane is None else plane.copy() for plane in one.made])
            for plane, new in zip(one.picture.planes, one.made, strict=True):
                plane[...] = 0 if new is None else new
    made += [one.made for one in session.flush()]
    assert all(farthest(one, other) == 0 for one, other in zip(made, wanted, strict=True))


def test_strength_zero_looks_at_nothing_and_waits_for_nothing() -> None:
    enhancer = toy(strength=0)
    assert (enhancer.offsets, enhancer.context) == ((0,), (0, 0))
    (one,) = Session(enhancer).push(Picture(noise(0, (8, 8)), EIGHT))
    assert one.made == [None, None, None]


def test_codes_above_the_peak_are_taken_for_it_in_all_pictures_of_a_window() -> None:
    enhancer = toy()
    wild = [[np.full((8, 8), 1023 + n, np.uint16)] for n in range(5)]
    tame = [[np.minimum(plane, 1023) for plane in planes] for planes in wild]
    made = run(Session(enhancer), [Picture(planes, TEN) for planes in wild])
    for one, wanted in zip(made, by_definition(enhancer, tame, TEN), strict=True):
        assert farthest(one.made, wanted) == 0


def test_only_equal_pictures_are_copied_where_parts_are_not_exact() -> None:
    enhancer = Enhancer(student("reference"), gpu=GpuSettings(batch=2))
    session, first, other = Session(enhancer), noise(1, (20, 24)), noise(2, (20, 24))
    assert session.share is None
    one_sample = [plane.copy() for plane in other]
    one_sample[2][3, 5] ^= 1
    pictures = [first, first, other, one_sample, one_sample, first, noise(1, (20, 26))]
    made = run(session, [Picture([plane.copy() for plane in planes], EIGHT) for planes in pictures])
    for one, planes in zip(made, pictures, strict=True):
        assert farthest(one.made, enhancer.planes(planes, EIGHT)) <= 1
    assert session.share == 2 / 7


def test_what_the_caller_writes_on_afterwards_does_not_count_in_flight() -> None:
    session = Session(Enhancer(student("fast"), gpu=GpuSettings()))
    planes = noise(1, (20, 24))
    begun = session.push(Picture(planes, EIGHT))
    planes[0][...] = 7
    first, second = [*begun, *session.push(Picture(planes, EIGHT)), *session.flush()]
    assert farthest(first.made, second.made) > 1
    assert session.share == 0


def test_sequences_and_formats_are_told_apart_in_flight() -> None:
    session = Session(Enhancer(student("fast"), gpu=GpuSettings()))
    one, two = noise(1, (20, 24), TEN), noise(2, (20, 24), TEN)
    for sequence, planes in ((1, one), (2, two), (1, one), (2, two)):
        session.push(Picture(planes, TEN, sequence))
    assert session.share == 0.5
    eleven = PlaneFormat(11, TEN.full_range, TEN.matrix, TEN.chroma_left)
    made = run(session, [Picture(one, eleven, 1), Picture(one, TEN, 1)])
    assert farthest(made[-2].made, made[-1].made) > 0


def test_no_more_are_in_flight_than_memory_allows() -> None:
    enhancer = Enhancer(student("fast"), gpu=GpuSettings(batch=2))
    came = [len(Session(enhancer, most).push(Picture(noise(0, (8, 8)), EIGHT))) for most in (0, 1, None)]
    assert came == [1, 0, 0]
    session = Session(enhancer, 3)
    assert [len(session.push(Picture(noise(n, (8, 8)), EIGHT))) for n in range(6)] == [0, 0, 0, 1, 1, 1]
