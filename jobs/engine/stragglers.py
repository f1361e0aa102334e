"""Chunks that take far longer than others. Once nothing else waits for a worker, another one begins such a chunk a
second time, and whichever is done first counts: the backup tasks of MapReduce (Dean and Ghemawat, OSDI 2004, 3.6). A
slow disk, a neighbour's load or a hanging codec on one machine then do not hold up the whole run. Pure rules."""

from collections import defaultdict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from .schedule import Work

LEAST_DONE = 5
"""So many chunks must be done before one is called slow."""
LOOKED_BACK = 64
"""So many of the last ones tell how long a chunk takes."""

_Key = tuple[str, int]


@dataclass
class _Going:
    """A chunk at work."""

    work: Work
    size: int
    """Samples of all its pictures."""
    began: dict[str, float]
    """Who works on it, and since when; the first one first."""
    tried_on: set[str]
    """Who may not begin it: whoever works on it, or did."""
    frames: int = 0
    """How many are done, as was said last."""


@dataclass
class Stragglers:
    """The chunks at work, and how fast others were done. Times are seconds of any one clock."""

    _going: dict[_Key, _Going] = field(default_factory=dict)
    _speeds: defaultdict[str, deque[float]] = field(default_factory=lambda: defaultdict(_last_ones))
    """Samples in a second, of the last chunks on each device."""
    _slow: dict[_Key, _Going] = field(default_factory=dict)
    """As of the last look."""

    def begin(self, actor: str, work: Work, frame_size: int, now: float) -> None:
        """An actor begins a chunk, the first time or the second.

        Args:
            frame_size: samples of one of its pictures.
        """
        key = _key(work)
        unknown = _Going(work, frame_size * work.chunk.frames, {}, set(work.tried_on))
        going = self._going.setdefault(key, unknown)
        going.began[actor] = now
        going.tried_on.add(actor)
        self._slow.pop(key, None)

    def move(self, work: Work, frames: int) -> None:
        """So many pictures of a chunk are done by one of its actors."""
        if (going := self._going.get(_key(work))) is not None:
            going.frames = frames

    def end(self, actor: str, work: Work, *, done: bool, now: float) -> list[str]:
        """An actor has ended its work on a chunk; who else is still at it."""
        going = self._going.get(_key(work))
        began = going and going.began.pop(actor, None)
        if going is None or began is None:
            return []
        if done and going.size:  # of no picture, nothing is learnt
            self._speeds[work.device].append(going.size / max(now - began, 1e-3))
        self._slow.pop(_key(work), None)
        if not going.began:
            del self._going[_key(work)]
        return list(going.began)

    def look(self, now: float) -> None:
        """Finds the slow ones: at work for as long as another actor would take, and not done for as long again. Nothing
        is slow before `LEAST_DONE` chunks are done."""
        self._slow = {}
        usual = self.speeds
        for key, going in self._going.items():
            if going.work.device not in usual:
                continue
            (began, *others), expected = going.began.values(), going.size / usual[going.work.device]
            left = (now - began) * (going.work.chunk.frames / max(going.frames, 0.5) - 1)
            if not others and min(now - began, left) > expected:
                self._slow[key] = going

    @property
    def speeds(self) -> dict[str, float]:
        """What an actor usually does on each device on which `LEAST_DONE` chunks are done: samples in a second."""
        return {device: median(speeds) for device, speeds in self._speeds.items() if len(speeds) >= LEAST_DONE}

    @property
    def slow(self) -> list[Work]:
        """Those that are, as of the last look."""
        return [going.work for going in self._slow.values()]

    def slow_for(self, actor: str, device: str = "cpu") -> Iterator[Work]:
        """Those that an actor on a device may begin, which it has not tried."""
        slow = (going for going in self._slow.values() if going.work.device == device)
        return (going.work for going in slow if actor not in going.tried_on)


def _last_ones() -> deque[float]:
    return deque(maxlen=LOOKED_BACK)


def _key(work: Work) -> _Key:
    return work.clip, work.chunk.index
