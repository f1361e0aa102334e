"""The clips of a run by their state: waiting to be planned, being planned, sharpened chunk by chunk, being joined."""

import logging
import time
from collections import deque
from collections.abc import Container, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from ...pipeline.workspace import Workspace
from ..engine.actor import Prepared
from ..engine.schedule import MAX_RETRIES, Schedule, Work
from ..files.clips import Clip
from ..files.report_folder import ClipRows
from .clip_work import ClipWork

log = logging.getLogger("vidsharp")


@dataclass
class ClipStates:
    """All clips of a run that have not ended. A clip is in one state at a time."""

    to_prepare: deque[tuple[Clip, Workspace, int]] = field(default_factory=deque)
    """Clips that wait, their workspaces, and how often they were tried."""
    tighter: set[str] = field(default_factory=set)
    """Names of clips that came out too large, and are to be planned again."""
    preparing: set[str] = field(default_factory=set)
    """Names of clips that workers are planning."""
    under_way: dict[str, ClipWork] = field(default_factory=dict)
    """Clips that have chunks at work or waiting."""
    schedule: Schedule = field(default_factory=Schedule)
    """Their chunks that wait."""
    joining: dict[Future[ClipRows], ClipWork] = field(default_factory=dict)
    """Clips whose chunks are all done."""

    @property
    def any_left(self) -> bool:
        """Whether any clip has not ended."""
        return bool(self.to_prepare or self.preparing or self.under_way or self.joining)

    def begin(
        self, clip: Clip, workspace: Workspace, prepared: Prepared, sample: Sequence[Container[int]], tries: int
    ) -> ClipWork:
        """The work on a clip that was planned, its chunks scheduled."""
        work = ClipWork(
            clip=clip,
            workspace=workspace,
            info=prepared.info,
            encoder=prepared.encoder,
            chunks=prepared.chunks,
            records=dict(prepared.done),
            reused=frozenset(prepared.done),
            began=time.monotonic(),
            sample=sample,
            original=prepared.original,
            provenance_digest=prepared.provenance_digest,
            retries=tries,
            rate=prepared.rate,
            copied=prepared.copied,
        )
        self.under_way[clip.name] = work
        self.schedule.add(clip.name, [chunk for chunk in prepared.chunks if chunk.index not in prepared.done])
        return work

    def take_complete(self) -> list[ClipWork]:
        """Clips whose chunks are all done, which are under way no more."""
        complete = [work for work in self.under_way.values() if work.complete]
        for work in complete:
            del self.under_way[work.clip.name]
        return complete

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
        if clip.retries >= MAX_RETRIES:
            return False
        clip.outdated = True
        self.schedule.drop(work.clip)  # else its chunks would go round between the actors that refuse them
        return True

    def give_up_too_large(self) -> None:
        """Clips that have come out too large are to be planned again, and encoded with fewer bytes."""
        for name, work in self.under_way.items():
            if work.too_large and not work.outdated:
                work.outdated = True
                self._say_too_large(name)
                self.schedule.drop(name)

    def plan_tighter(self, work: ClipWork) -> None:
        """A clip whose joined file has come out too large is to be planned again, likewise."""
        self._say_too_large(work.clip.name)
        self.to_prepare.appendleft((work.clip, work.workspace, work.retries + 1))

    def _say_too_large(self, name: str) -> None:
        log.info("too large for --max-growth; encoding it again", extra={"clip": name})
        self.tighter.add(name)

    def plan_outdated_again(self) -> None:
        """Clips whose plan is outdated wait to be planned, once none of their chunks is at work any more."""
        for name, clip in [*self.under_way.items()]:
            if clip.outdated and not clip.at_work:
                del self.under_way[name]
                self.to_prepare.appendleft((clip.clip, clip.workspace, clip.retries + 1))

    def note_progress(self, frames_done: Iterable[tuple[Work, int]]) -> None:
        """Takes down how far chunks are; those of clips that have ended do not count."""
        for work, frames in frames_done:
            clip = self.under_way.get(work.clip)
            if clip is not None and work.chunk.index in clip.at_work:
                clip.at_work[work.chunk.index] = frames
