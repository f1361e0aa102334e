"""The last place on a scale where a figure that falls along it is still large enough, in few looks."""

from collections.abc import Callable

MOST_LOOKS = 12


def last_at_least(
    figure: Callable[[int], float], wanted: float, last: int, start: int, near: float = 0.0
) -> int | None:
    """The largest place from 0 to `last` where `figure` is at least `wanted`; None where it is nowhere.

    Figures of neighbouring places may be noisy: then it is a place where the figure is large enough, and was not at the
    next one that was looked at.

    Args:
        figure: falls along the scale; looked at once for each place.
        start: where to look first.
        near: a place whose figure is larger by no more than this is as good as the last one.
    """
    enough, less = -1, last + 1
    known: dict[int, float] = {}
    place, stride = start, max(1, last // 8)
    for _ in range(MOST_LOOKS):
        known[place] = figure(place)
        if known[place] >= wanted:
            enough = place
        else:
            less = place
        if less - enough == 1 or (enough >= 0 and known[enough] - wanted <= near):
            break
        if enough >= 0 and less <= last:
            share = (known[enough] - wanted) / max(known[enough] - known[less], 1e-9)
            place = min(max(enough + round(share * (less - enough)), enough + 1), less - 1)
        else:
            place = min(last, enough + stride) if enough >= 0 else max(0, less - stride)
            stride *= 2
    return enough if enough >= 0 else None
