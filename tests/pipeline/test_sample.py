"""The sample of frames: as many as asked for, all over the clip, and the same each time."""

from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st
from vidsharp.pipeline.sample import MOST, by_chunk, sample, usual_count


@given(frames=st.integers(0, 5000), count=st.integers(1, 300), seed=st.integers(0, 9))
def test_one_frame_of_each_span(frames: int, count: int, seed: int) -> None:
    drawn = sample(frames, count, seed)
    assert len(drawn) == min(frames, count)
    for place, frame in enumerate(drawn):
        assert frames * place // len(drawn) <= frame < frames * (place + 1) // len(drawn)
    assert drawn == sample(frames, count, seed)


def test_all_frames_where_more_are_asked_for() -> None:
    assert sample(7, 100) == tuple(range(7))


def test_another_seed_is_another_sample() -> None:
    assert sample(3000, 50, 1) != sample(3000, 50, 2)


@given(counts=st.lists(st.integers(0, 40), max_size=9), data=st.data())
def test_each_frame_is_one_chunks(counts: list[int], data: st.DataObject) -> None:
    frames = sorted(data.draw(st.sets(st.integers(0, sum(counts) - 1), max_size=20))) if sum(counts) else []
    shares = by_chunk(frames, counts)
    assert len(shares) == len(counts)
    starts = [0, *accumulate(counts)]
    assert [start + own for start, share in zip(starts, shares, strict=False) for own in share] == frames


def test_few_enough_not_to_be_felt() -> None:
    assert [usual_count(frames) for frames in (0, 1, 15, 24, 300, 108_000)] == [0, 1, 1, 1, 13, MOST]
