"""The share of each device, where a run's actors are on two: which one begins the next clip, whose chunks are all done
on that device then. Both should have work until the end, and be done at the same time. Pure rules."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class LeftToDo:
    """What is left of a run, in chunks unless said otherwise."""

    clips: int
    """That nobody has begun."""
    usual: float | None = None
    """Of a clip; None before one is planned."""
    begun: Mapping[str, int] = field(default_factory=dict)
    """Of clips that are planned, at work or waiting, by device."""
    preparing: Mapping[str, int] = field(default_factory=dict)
    """Clips that each device is planning."""


def worth_beginning(
    device: str, chunks: float, actors: Mapping[str, int], speeds: Mapping[str, float], left: LeftToDo
) -> bool:
    """Whether a device should begin the next clip: its actors have too little work, and they would have done the clip
    before the others have done all that is left.

    Args:
        chunks: of the clip, about.
        actors: how many there are on each device.
        speeds: of one of them; where one is not known, only the first reason counts.
    """
    if left.usual is None:
        return not left.preparing.get(device)
    at_hand = {each: left.begun.get(each, 0) + left.preparing.get(each, 0) * left.usual for each in actors}
    if at_hand[device] >= actors[device]:
        return False
    if device not in speeds:
        return True
    others = [each for each in actors if each != device]
    rest = sum(at_hand[each] for each in others) + max(chunks, left.clips * left.usual)
    mine = (at_hand[device] + chunks) / (actors[device] * speeds[device])
    return mine * sum(actors[each] * speeds.get(each, 0.0) for each in others) <= rest
