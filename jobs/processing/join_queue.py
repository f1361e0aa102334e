"""Clips whose chunks are all done: which of them a worker joins next, and what a failure leads to."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..engine.schedule import Room
from ..engine.tries import UNTRIED, Cause, Tries
from .clip_work import ClipWork
from .join_clip import Mixed

LOOKED_AT = 32
"""So many of those that wait longest are looked at for one that is near."""


@dataclass(frozen=True)
class JoinWork:
    """A clip that waits to be joined."""

    work: ClipWork
    tries: Tries = UNTRIED
    tried_on: frozenset[str] = frozenset()
    """Actors that failed at it."""
    named: Mixed | None = None
    """As that of `JoinTask`."""

    def final(self, out: Path) -> Path:
        """The place of its result, in the output folder `out`."""
        return self.named.final if self.named and self.named.final else out / self.work.clip.relative

    def made_on(self, node: str | None) -> int:
        """How many of its chunks that machine has done, which may still have them in its memory."""
        return sum(chunk.node == node for chunk in self.work.done.values())


@dataclass
class JoinQueue:
    """The clips of a run that wait to be joined, and those that workers are joining."""

    waiting: deque[JoinWork] = field(default_factory=deque)
    at_work: dict[str, JoinWork] = field(default_factory=dict)
    """By clip."""

    @property
    def any_left(self) -> bool:
        """Whether there is any."""
        return bool(self.waiting or self.at_work)

    def add(self, work: ClipWork) -> None:
        """Queues a clip behind the others."""
        self.waiting.append(JoinWork(work))

    def next_for(
        self, actor: str, node: str | None, living: Sequence[str], room: Room | None = None
    ) -> JoinWork | None:
        """Takes a clip that `actor` may join: of those that wait longest the one of which its machine made most, as
        none waits for a machine. One that failed on it waits for another actor, where `living` (all actors)
        has one that did not fail at it. Nor does it get one whose recording its node has no `room` for."""
        fitting = (join for join in self.waiting if room is None or room.fits(join.work.clip.name))
        candidates = (join for join, _ in zip(fitting, range(LOOKED_AT), strict=False))
        mine = [join for join in candidates if actor not in join.tried_on or not set(living) - join.tried_on]
        if not mine:
            return None
        join = max(mine, key=lambda join: join.made_on(node))
        self.waiting.remove(join)
        self.at_work[join.work.clip.name] = join
        return join

    def name(self, join: JoinWork, named: Mixed) -> None:
        """Queues a clip again, before the others, whose file is there and now has been given a name."""
        self.waiting.appendleft(replace(join, named=named))

    def retry(self, join: JoinWork, actor: str, cause: Cause = "failed") -> bool:
        """Queues a clip that failed on `actor` again, before the others; False where it has been tried often enough."""
        tries = join.tries.after(cause)
        if tries is None:
            return False
        again = replace(join, tries=tries, tried_on=join.tried_on | {actor})
        self.waiting.appendleft(again)
        return True
