"""Times at which work was going on: how long in all, and the same without the pauses between runs."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

Interval = tuple[float, float]
"""Begin and end, in seconds."""


def busy_spans(work: Iterable[Interval]) -> list[Interval]:
    """The times during which anything was in work: ordered, and apart from each other."""
    spans: list[Interval] = []
    for begin, end in sorted(work):
        if spans and begin <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((begin, end))
    return spans


def busy_s(work: Iterable[Interval]) -> float:
    """For how many seconds anything was in work. What ran side by side counts once, pauses do not count."""
    return sum(end - begin for begin, end in busy_spans(work))


def without_pauses(work: Sequence[Interval]) -> tuple[list[float], float]:
    """The begins, counted from the first one, with long pauses cut out; and the seconds that were cut.

    A pause is long where it takes more than a tenth of all the work. A short one stays: it says that a worker waited.
    """
    spans = busy_spans(work)
    longest = max(1.0, 0.1 * sum(end - begin for begin, end in spans))
    cut, shifts = 0.0, [(spans[0][0], 0.0)] if spans else []
    for before, after in pairwise(spans):
        pause = after[0] - before[1]
        cut += pause - longest if pause > longest else 0.0
        shifts.append((after[0], cut))
    origin = spans[0][0] if spans else 0.0
    return [begin - origin - max(shift for at, shift in shifts if at <= begin) for begin, _ in work], cut
