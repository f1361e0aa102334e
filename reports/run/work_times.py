"""Times at which work was going on: how long in all, and the same without the pauses between runs."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

Spans = tuple[np.ndarray, np.ndarray]
"""Begins and ends, in seconds, float64, one for each piece of work."""


def busy_spans(work: Spans) -> Spans:
    """The times during which anything was in work: ordered, and apart from each other. Those of two sets of work come
    from the busy spans of both as from the work itself."""
    begins, ends = work
    if not len(begins):
        return work
    order = np.argsort(begins, kind="stable")
    begins, ends = begins[order], np.maximum.accumulate(ends[order])
    first = np.append(True, begins[1:] > ends[:-1])
    return begins[first], ends[np.append(first[1:], True)]


def busy_s(work: Spans) -> float:
    """For how many seconds anything was in work. What ran side by side counts once, pauses do not count."""
    begins, ends = busy_spans(work)
    return float((ends - begins).sum())


def without_pauses(work: Sequence[tuple[float, float]]) -> tuple[list[float], float]:
    """The begins, counted from the first one, with long pauses cut out; and the seconds that were cut.

    A pause is long where it takes more than a tenth of all the work. A short one stays: it says that a worker waited.

    Args:
        work: begins and ends.
    """
    begins, ends = busy_spans((np.array([begin for begin, _ in work]), np.array([end for _, end in work])))
    spans = list(zip(begins.tolist(), ends.tolist(), strict=True))
    longest = max(1.0, 0.1 * sum(end - begin for begin, end in spans))
    cut, shifts = 0.0, [(spans[0][0], 0.0)] if spans else []
    for before, after in pairwise(spans):
        pause = after[0] - before[1]
        cut += pause - longest if pause > longest else 0.0
        shifts.append((after[0], cut))
    origin = spans[0][0] if spans else 0.0
    return [begin - origin - max(shift for at, shift in shifts if at <= begin) for begin, _ in work], cut
