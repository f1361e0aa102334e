"""The clips of a run by their state: waiting to be planned, being planned, sharpened chunk by chunk, being joined."""

import logging
import time
from collections import Counter, deque
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ...pipeline.fingerprint import Seen
from ...pipeline.workspace import Workspace
from ..engine.actor import Prepared
from ..engine.schedule import Room, Schedule, Work
from ..engine.sharing import LeftToDo, worth_beginning
from ..engine.stragglers import Stragglers
from ..engine.tries import MAX_RETRIES, UNTRIED, Tries
from ..engine.wanted import WorkLeft
from ..files.clips import Clip
from ..files.earlier_run import EarlierResult
from .clip_work import ClipWork
from .join_queue import JoinQueue


@dataclass(frozen=True)
class Waiting:
    """A clip that waits to be planned."""

    clip: Clip
    workspace: Workspace
    seen: Seen
    earlier: EarlierResult | None = None
    """What an earlier run has made, where a worker has to tell whether it is this recording's."""
    tries: Tries = UNTRIED
    """To plan it, this time."""
    plans: int = 0
    """How often it was planned before."""
    retries: int = 0
    """Pieces of its work that were tried again."""
    tighter: bool = False
    """Whether it came out too large, and is to be encoded with fewer bytes."""
    left_by: frozenset[str] = frozenset()
    """Devices whose workers left it to others, which may have its plan."""


log = logging.getLogger("vidsharp")


@dataclass
class ClipStates:
    """All clips of a run that have not ended. A clip is in one state at a time."""

    unsorted: deque[Clip] = field(default_factory=deque)
    """Clips of which nobody has looked whether they are finished."""
    to_prepare: deque[Waiting] = field(default_factory=deque)
    preparing: dict[str, str] = field(default_factory=dict)
    """Clips that workers are planning: on which device, by name."""
    under_way: dict[str, ClipWork] = field(default_factory=dict)
    """Clips that have chunks at work or waiting."""
    schedule: Schedule = field(default_factory=Schedule)
    """Their chunks that wait."""
    stragglers: Stragglers = field(default_factory=Stragglers)
    """Their chunks at work."""
    joins: JoinQueue = field(default_factory=JoinQueue)
    """Clips whose chunks are all done."""
    _planned: Counter[str] = field(default_factory=Counter)
    """Of the clips that were planned: how many, and their chunks and bytes."""

    @property
    def any_left(self) -> bool:
        """Whether any clip has not ended."""
        waiting = self.unsorted or self.to_prepare or self.preparing
        return bool(waiting or self.under_way or self.joins.any_left)

    @property
    def work_left(self) -> WorkLeft:
        """What workers have still to do, or are doing."""
        chunks = self._begun + Counter(work.device for work in self.stragglers.slow)
        to_plan, to_join = len(self.to_prepare) + len(self.preparing), len(self.joins.waiting) + len(self.joins.at_work)
        return WorkLeft(to_plan + chunks.total() + to_join, known=not (to_plan or self.unsorted), bound=chunks)

    @property
    def _begun(self) -> Counter[str]:
        """Chunks that wait or are at work, by device."""
        chunks = Counter(work.device for work in self.schedule.waiting)
        for clip in self.under_way.values():
            chunks[clip.device] += len(clip.at_work)
        return chunks

    def worth_beginning(self, waiting: Waiting, device: str, actors: Mapping[str, int]) -> bool:
        """Whether a device should begin a clip; `actors` are those on each. See `sharing.py`."""
        if len(actors) < 2:
            return True
        clips, chunks, bytes_ = (self._planned[each] for each in ("clips", "chunks", "bytes"))
        usual = chunks / clips if clips else None
        left = LeftToDo(len(self.to_prepare) + len(self.unsorted), usual, self._begun, Counter(self.preparing.values()))
        return worth_beginning(
            device, chunks * waiting.seen.bytes / max(bytes_, 1), actors, self.stragglers.speeds, left
        )

    def next_slow(self, actor: str, room: Room | None = None, device: str = "cpu") -> Work | None:
        """A chunk that is to be begun a second time, by `actor`, where its node has `room` for it."""
        for work in self.stragglers.slow_for(actor, device):
            clip = self.under_way.get(work.clip)
            counts = clip is not None and not clip.outdated and work.chunk.index not in clip.done
            if counts and (room is None or room.fits(work.clip)):
                return work
        return None

    def begin(
        self, waited: Waiting, prepared: Prepared, sample: Sequence[Container[int]], device: str = "cpu"
    ) -> ClipWork:
        """The work on a clip that was planned on a device, its chunks scheduled."""
        clip = waited.clip
        work = ClipWork(
            clip=clip,
            workspace=waited.workspace,
            info=prepared.info,
            encoder=prepared.encoder,
            chunks=prepared.chunks,
            reused=frozenset(prepared.done),
            began=time.monotonic(),
            sample=sample,
            seen=waited.seen,
            fingerprint=prepared.fingerprint,
            done=dict(prepared.done),
            original=prepared.original,
            provenance_digest=prepared.provenance_digest,
            device=device,
            retries=waited.retries,
            plans=waited.plans,
            rate=prepared.rate,
            copied=prepared.copied,
            notes=prepared.notes,
        )
        self.under_way[clip.name] = work
        self._planned.update(clips=1, chunks=len(prepared.chunks), bytes=waited.seen.bytes)
        chunks = [chunk for chunk in prepared.chunks if chunk.index not in prepared.done]
        self.schedule.add(clip.name, chunks, device)
        return work

    def take_complete(self, clip: str) -> ClipWork | None:
        """The work on a clip whose chunks are all done, and not at work with anybody, which is under way no more; None
        of others."""
        work = self.under_way.get(clip)
        return self.under_way.pop(clip) if work is not None and work.complete and not work.at_work else None

    def drop(self, clip: str) -> None:
        """Ends the work on a clip that is under way; what is still at work does not count."""
        self.schedule.drop(clip)
        del self.under_way[clip]

    def pass_on(self, clip: ClipWork, work: Work, actor: str) -> bool:
        """Leaves a chunk to an actor that makes pictures as the clip's plan says. Where none is left, the plan is
        outdated; False where it has been that too often."""
        if actor not in work.tried_on:
            self.schedule.pass_on(work, actor)
            return True
        if clip.plans >= MAX_RETRIES:
            return False
        self._outdate(clip)
        return True

    def give_up_too_large(self, clip: str) -> None:
        """Has a clip that has come out too large be planned again, and encoded with fewer bytes."""
        work = self.under_way.get(clip)
        if work is None or work.outdated or not work.too_large:
            return
        self._say_too_large(clip)
        self._outdate(work)

    def plan_others_again(self, devices: Container[str]) -> None:
        """Has the clips be planned again whose device is none of these: no worker is left on it."""
        for clip in [clip for clip in self.under_way.values() if clip.device not in devices and not clip.outdated]:
            self._outdate(clip)
            self.plan_outdated_again(clip.clip.name)

    def _outdate(self, clip: ClipWork) -> None:
        """Drops the waiting chunks of a clip that is to be planned again: else they would go round between the actors
        that refuse them."""
        clip.outdated = True
        self.schedule.drop(clip.clip.name)

    def plan_outdated_again(self, clip: str) -> None:
        """Has a clip whose plan is outdated wait to be planned, once none of its chunks is at work any more."""
        work = self.under_way.get(clip)
        if work is not None and work.outdated and not work.at_work:
            del self.under_way[clip]
            self.plan_again(work)

    def plan_tighter(self, work: ClipWork) -> None:
        """Has a clip whose joined file has come out too large be planned again, likewise."""
        self._say_too_large(work.clip.name)
        self.plan_again(work, tighter=True)

    def _say_too_large(self, clip: str) -> None:
        log.info("too large for --max-growth; encoding it again", extra={"clip": clip})

    def plan_again(self, clip: ClipWork, *, tighter: bool = False) -> None:
        """Has a clip wait to be planned, before the others."""
        self.to_prepare.appendleft(
            Waiting(
                clip.clip,
                clip.workspace,
                clip.seen,
                plans=clip.plans + 1,
                retries=clip.retries + 1,
                tighter=tighter or clip.too_large,
            )
        )

    def note_progress(self, frames_done: Iterable[tuple[Work, int]]) -> None:
        """Takes down how far chunks are; those of clips that have ended do not count."""
        for work, frames in frames_done:
            clip, chunk = self.under_way.get(work.clip), work.chunk.index
            if clip is not None and chunk in clip.at_work and chunk not in clip.done:
                clip.at_work[chunk] = frames
                self.stragglers.move(work, frames)
