"""What an idle actor gets to do: a clip to join, a chunk, a clip to plan, or a slow chunk a second time."""

import logging
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...pipeline.encoder import EncoderChoice
from ...pipeline.errors import OutputError
from ..engine.actors import ActorPool
from ..engine.schedule import Room, Work
from ..files.storage import Storage
from .clip_ends import ClipEnds
from .clip_states import ClipStates, Waiting
from .clip_work import ClipWork
from .join_clip import RunFacts
from .scratch import Scratch
from .worker_tasks import chunk_task, join_task, measure_task, prepare_task

if TYPE_CHECKING:  # which imports what talks to object storage
    from ..files.far_recording import FarRecording
    from ..files.far_work import FarWork

log = logging.getLogger("vidsharp")


@dataclass(frozen=True)
class Side:
    """The part of a run that is on one device."""

    encoder: EncoderChoice
    facts: RunFacts


@dataclass(frozen=True)
class HandOut:
    """The work of a run, on its way to actors. A clip's chunks are done on the device on which it was planned."""

    states: ClipStates
    scratch: Scratch
    ends: ClipEnds
    storage: Storage
    sides: Mapping[str, Side]
    """By device."""

    def to(self, pool: ActorPool) -> None:
        """Gives each idle actor something to do, as far as there is anything for it."""
        states = self.states
        devices = pool.devices() or set(self.sides)
        if len(self.sides) > 1:
            states.plan_others_again(devices)
        ready = pool.ready()
        alike = {device: [actor for actor in ready if pool.device(actor) == device] for device in devices}
        for actor in pool.idle():
            node, device = pool.node(actor), pool.device(actor)
            room = self.scratch.room(node)
            if (join := states.joins.next_for(actor, node, ready, room)) is not None:
                far, kept = self._elsewhere(node, join.work)
                facts = self.sides[join.work.device].facts
                pool.do(actor, join_task(facts, join, self.storage, far, kept), join)
            elif (work := states.schedule.next_for(actor, alike[device], room, device)) is not None:
                states.under_way[work.clip].at_work[work.chunk.index] = 0
                self._sharpen(pool, actor, work)
            elif (waiting := self._take_next(device, room, alike)) is not None:
                states.preparing[waiting.clip.name] = device
                far, kept = self._elsewhere(node, waiting)
                config, encoder = self.storage.config, self.sides[device].encoder
                others = devices - waiting.left_by - {device}
                task = prepare_task(config, waiting, encoder, far, kept, leaves_plans=bool(others))
                pool.prepare(actor, task, waiting)
            elif (work := states.next_slow(actor, room, device)) is not None:
                log.info("slow; begun a second time", extra={"clip": work.clip, "chunk": work.chunk.index})
                self._sharpen(pool, actor, work)

    def _sharpen(self, pool: ActorPool, actor: str, work: Work) -> None:
        config, clip, node = self.storage.config, self.states.under_way[work.clip], pool.node(actor)
        measure = measure_task(config, clip, work.chunk.index)
        far, kept = self._elsewhere(node, clip)
        self.states.stragglers.begin(actor, work, clip.info.width * clip.info.height, time.monotonic())
        pool.sharpen(actor, chunk_task(config, clip, work), measure, work, far, kept)

    def _elsewhere(self, node: str | None, of: Waiting | ClipWork) -> "tuple[FarRecording | None, FarWork | None]":
        """What a worker on a node brings of a clip, and where it finds its work, as far as these are not here."""
        return self.scratch.bring(node, of.clip), self.scratch.work(node, of.clip, of.workspace.folder)

    def _take_next(self, device: str, room: Room | None, alike: Mapping[str, Sequence[str]]) -> Waiting | None:
        """The next clip, where an actor on a device may prepare it, whose node has `room` for it; `alike` are the
        actors on each device. Clips that fit on no node have failed."""
        waiting = self.states.to_prepare
        while (found := next((each for each in waiting if _may(device, each, alike)), None)) is not None:
            if (sentence := self.scratch.admit(found.clip)) is not None:
                waiting.remove(found)
                self.ends.fail(found.clip, sentence, OutputError(sentence))
                continue
            fits = room is None or room.fits(found.clip.name)
            actors = {each: len(names) for each, names in alike.items()}
            if not fits or not (found.left_by or self.states.worth_beginning(found, device, actors)):
                return None
            waiting.remove(found)
            return found
        return None


def _may(device: str, waiting: Waiting, devices: Collection[str]) -> bool:
    """Whether a device has not left a clip to others, or there are no others."""
    return device not in waiting.left_by or waiting.left_by.issuperset(devices)
