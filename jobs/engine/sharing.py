"""The share of each device, where a run's actors are on two: which one begins the next clip, whose chunks are all done
on that device then. Both should have work until the end, and be done at the same time. Pure rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

ON_GPU = 10.0
"""So many times as fast an actor on a GPU is taken to be before anything is known. A guess."""


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
        actors: how many there are on each device that can begin one now.
        speeds: of one of them, where that is known.
    """
    others = [each for each in actors if each != device and actors[each]]
    if left.usual is None:
        first = device != "cpu" or left.clips > 1 or not others
        return first and not left.preparing.get(device)
    at_hand = {each: left.begun.get(each, 0) + left.preparing.get(each, 0) * left.usual for each in actors}
    if at_hand[device] >= actors[device]:
        return False
    if not others:
        return True
    speed = _guessed(actors, speeds)
    rest = sum(at_hand[each] for each in others) + max(chunks, left.clips * left.usual)
    # No chunk is divided, whatever the number of actors.
    mine_s = max(1.0, (at_hand[device] + chunks) / actors[device]) / speed[device]
    others_s = max(rest, max(actors[each] for each in others)) / sum(actors[each] * speed[each] for each in others)
    return mine_s <= others_s


def _guessed(devices: Iterable[str], speeds: Mapping[str, float]) -> dict[str, float]:
    """The speeds of all devices."""
    of_cpu = speeds.get("cpu") or next((speed / ON_GPU for speed in speeds.values()), 1.0)
    return {each: speeds.get(each) or of_cpu * (1.0 if each == "cpu" else ON_GPU) for each in devices}
