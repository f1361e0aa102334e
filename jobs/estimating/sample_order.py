"""The pieces of a sample: in which order places in recordings are tried, and how many frames a piece has."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain

from .cost_model import Kind, Piece, places
from .piece_times import HEAD

PIECES = 6
"""At least so many pieces share the time of the sample, where the student is quick enough."""
TRIAL_FRAMES = 12
GOOD_FRAMES = 3 * HEAD
"""Pieces are at least so long, unless that takes longer than the sample may: then the student is so slow that the
encoder, of which a shorter piece sees little, does not matter."""


def order_of(kinds: Sequence[Kind], shares: Sequence[float]) -> Iterator[int]:
    """Places in the order in which they are tried: the first one twice, then each of the others once.

    The first is tried with a few frames before, which tells how long pieces may be.

    Args:
        kinds: of each place.
        shares: of each place in the work, as `places` takes them.
    """
    first = _middle_of_most(kinds, shares)
    return chain((first, first), _each_once(places(shares), len(kinds), first))


def piece_frames(pixels: int, trial: Piece | None, starts: int, sample_seconds: float) -> int:
    """The frames of the next piece, of pictures with so many pixels: few as long as there is no trial to reckon from.

    Args:
        starts: how many places there are.
    """
    if trial is None:
        return TRIAL_FRAMES
    frame_s = trial.frame_s * pixels / trial.kind.pixels
    affordable = sample_seconds / frame_s
    return max(TRIAL_FRAMES, int(affordable / min(PIECES, starts)), min(GOOD_FRAMES, int(affordable)))


def _middle_of_most(kinds: Sequence[Kind], shares: Sequence[float]) -> int:
    """A place in the middle of the kind with the most pixels: however short the sample, that kind is measured."""
    of_kind = Counter[Kind]()
    for kind, share in zip(kinds, shares, strict=True):
        of_kind[kind] += int(share)
    most = max(of_kind, key=lambda kind: (of_kind[kind], kind))
    own = [place for place, kind in enumerate(kinds) if kind == most]
    return own[len(own) // 2]


def _each_once(order: Iterator[int], among: int, first: int) -> Iterator[int]:
    """The places of `order` without repetition and without `first`, until it brings nothing new any more."""
    seen = {first}
    repeated = 0
    while len(seen) < among and repeated < 4 * among:
        place = next(order)
        repeated += place in seen
        if place not in seen:
            seen.add(place)
            yield place
