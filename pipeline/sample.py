"""The frames of a clip that are measured: a sample that is the same whenever it is drawn again."""

import random
from collections.abc import Sequence
from itertools import accumulate, pairwise

ALL = range(2**62)
"""Every frame, however many there are."""
MOST = 100
ONE_IN = 24
"""Measuring a frame costs about as much as sharpening it; of one in so many, it does not show in the time of a run."""


def usual_count(frames: int) -> int:
    """The number of frames measured of a clip where nothing else is asked for: one in `ONE_IN`, at most `MOST`."""
    return min(MOST, -(-frames // ONE_IN))


def sample(frames: int, count: int, seed: int = 0) -> tuple[int, ...]:
    """`count` of the frames 0 … frames − 1 in order, all of them where there are no more.

    The clip is cut into `count` spans of equal length and one frame is drawn from each (stratified sampling, Cochran,
    Sampling Techniques, 1977, chapter 5): all of the clip is seen, and no rhythm of its keyframes can hide in a fixed
    step.
    """
    count = min(count, frames)
    draw = random.Random(seed)
    bounds = [frames * n // count for n in range(count + 1)] if count else []
    return tuple(draw.randrange(low, high) for low, high in pairwise(bounds))


def by_chunk(frames: Sequence[int], chunk_frames: Sequence[int]) -> list[tuple[int, ...]]:
    """For each chunk, which of its own frames (counted from 0 within it) are among `frames` of the clip.

    Args:
        frames: numbers within the clip.
        chunk_frames: how many frames each chunk has.
    """
    starts = [0, *accumulate(chunk_frames)]
    return [
        tuple(frame - start for frame in frames if start <= frame < start + count)
        for start, count in zip(starts, chunk_frames, strict=False)
    ]
