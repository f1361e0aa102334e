"""The order of chunks: which one an actor gets next, and what a failure leads to. Pure rules, without a cluster."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from ...pipeline.plan import Chunk
from .tries import UNTRIED, Cause, Tries

LOOKED_AT = 4096
"""So many chunks are looked at for one whose recording a node has."""


@dataclass(frozen=True)
class Room:
    """What a node may be given where it has to bring recordings first: by clip."""

    has: Callable[[str], bool]
    """Whether it has brought the recording."""
    fits: Callable[[str], bool]
    """Whether it has, or has room for it."""


@dataclass(frozen=True)
class Work:
    """A chunk that waits for an actor."""

    clip: str
    chunk: Chunk
    device: str = "cpu"
    """What its clip's pictures are made on."""
    tries: Tries = UNTRIED
    tried_on: frozenset[str] = frozenset()
    """Actors that failed at it."""

    @property
    def attempt(self) -> int:
        """The number of the next attempt, from 1 on."""
        return 1 + self.tries.all


@dataclass
class Schedule:
    """The chunks of all clips that are under way. Clips are worked on in order, so that they finish one by one."""

    waiting: deque[Work] = field(default_factory=deque)

    def add(self, clip: str, chunks: Iterable[Chunk], device: str = "cpu") -> None:
        """Queues a clip's chunks, for actors on one device, behind those of earlier clips."""
        self.waiting.extend(Work(clip, chunk, device) for chunk in chunks)

    def next_for(self, actor: str, living: Sequence[str], room: Room | None = None, device: str = "cpu") -> Work | None:
        """Takes the first chunk that `actor`, on a `device`, may do, with its node's `room` the first whose recording
        is there, where there is one. A chunk that failed on it waits for another actor, where `living` (all actors on
        that device) has one that did not fail at it."""
        found = None
        for place, work in enumerate(self.waiting):
            if work.device != device or (actor in work.tried_on and set(living) - work.tried_on):
                continue
            if room is None or room.has(work.clip):
                found = place
                break
            if found is None and room.fits(work.clip):
                found = place
            if found is not None and place >= LOOKED_AT:
                break
        if found is None:
            return None
        work = self.waiting[found]
        del self.waiting[found]
        return work

    def retry(self, work: Work, actor: str, cause: Cause = "failed") -> Work | None:
        """Queues failed work again, before all else; None where it has been tried often enough."""
        tries = work.tries.after(cause)
        if tries is None:
            return None
        again = replace(work, tries=tries, tried_on=work.tried_on | {actor})
        self.waiting.appendleft(again)
        return again

    def pass_on(self, work: Work, actor: str) -> None:
        """Queues work that `actor` cannot do as its clip needs it, behind all else, for another one; no retry is used
        up. Where it comes to the same actor a second time, there is no other."""
        self.waiting.append(replace(work, tried_on=work.tried_on | {actor}))

    def drop(self, clip: str) -> None:
        """Forgets the waiting chunks of a clip that failed."""
        self.waiting = deque(work for work in self.waiting if work.clip != clip)
