"""What an idle actor gets to do: a clip to join, a chunk, a clip to plan, or a slow chunk a second time."""

import logging
import time
from dataclasses import dataclass

from ...pipeline.encoder import EncoderChoice
from ...pipeline.errors import OutputError
from ..engine.actors import ActorPool
from ..engine.schedule import Work
from ..files.storage import Storage
from .clip_ends import ClipEnds
from .clip_states import ClipStates
from .join_clip import RunFacts
from .scratch import Scratch
from .worker_tasks import chunk_task, join_task, measure_task, prepare_task

log = logging.getLogger("vidsharp")


@dataclass(frozen=True)
class HandOut:
    """The work of a run, on its way to actors."""

    states: ClipStates
    scratch: Scratch
    ends: ClipEnds
    storage: Storage
    encoder: EncoderChoice
    facts: RunFacts

    def to(self, pool: ActorPool) -> None:
        """Gives each idle actor something to do, as far as there is anything for it."""
        states, config = self.states, self.storage.config
        ready = pool.ready()
        for actor in pool.idle():
            node = pool.node(actor)
            room = self.scratch.room(node)
            if (join := states.joins.next_for(actor, node, ready, room)) is not None:
                far = self.scratch.bring(node, join.work.clip)
                kept = self.scratch.work(node, join.work.clip, join.work.workspace.folder)
                pool.do(actor, join_task(self.facts, join, self.storage, far, kept), join)
            elif (work := states.schedule.next_for(actor, ready, room)) is not None:
                states.under_way[work.clip].at_work[work.chunk.index] = 0
                self._sharpen(pool, actor, work)
            elif self._next_fits(node):
                waiting = states.to_prepare.popleft()
                states.preparing.add(waiting.clip.name)
                far = self.scratch.bring(node, waiting.clip)
                kept = self.scratch.work(node, waiting.clip, waiting.workspace.folder)
                pool.prepare(actor, prepare_task(config, waiting, self.encoder, far, kept), waiting)
            elif (work := states.next_slow(actor, room)) is not None:
                log.info("slow; begun a second time", extra={"clip": work.clip, "chunk": work.chunk.index})
                self._sharpen(pool, actor, work)

    def _sharpen(self, pool: ActorPool, actor: str, work: Work) -> None:
        config, clip, node = self.storage.config, self.states.under_way[work.clip], pool.node(actor)
        measure = measure_task(config, clip, work.chunk.index)
        far = self.scratch.bring(node, clip.clip)
        kept = self.scratch.work(node, clip.clip, clip.workspace.folder)
        self.states.stragglers.begin(actor, work, clip.info.width * clip.info.height, time.monotonic())
        pool.sharpen(actor, chunk_task(config, clip, work), measure, work, far, kept)

    def _next_fits(self, node: str | None) -> bool:
        """Whether the next clip can be prepared on a node. Those that fit on none have failed."""
        while self.states.to_prepare:
            clip = self.states.to_prepare[0].clip
            if (sentence := self.scratch.admit(clip)) is None:
                room = self.scratch.room(node)
                return room is None or room.fits(clip.name)
            self.states.to_prepare.popleft()
            self.ends.fail(clip, sentence, OutputError(sentence))
        return False
