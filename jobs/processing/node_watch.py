"""The machines of a run: what each must see, those that join, and a run that waits for one with room."""

import logging
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import islice
from pathlib import Path

from ...models.errors import VidsharpError
from ...models.wording import counted
from ..config import ProcessConfig
from ..engine.actors import ActorPool
from ..engine.node import Needed
from ..engine.pool import PoolPlan
from ..engine.protocol import Engine
from ..engine.wanted import for_machines, usual_shape, wanted
from ..files.clips import Clip
from ..files.storage import Storage
from .clip_states import ClipStates
from .worker_tasks import original_of

log = logging.getLogger("vidsharp")

LOOKED_FOR = 5
"""Recordings of each folder that are looked for on each node before it gets work."""
NODES_EVERY_S = 5.0
"""How often the driver looks which machines have joined or gone, and what work is left."""
WAIT_WARNING_S = 60.0
"""How long a run is without any actor before it says so, and says it again."""


def must_see(lock: Path, clips: Sequence[Clip], storage: Storage) -> Sequence[Sequence[Needed]]:
    """Files that every node needs at the driver's paths: see `check_sees`.

    Args:
        lock: the run's lock, which proves that a node's output folder is this one.
    """
    config = storage.config
    output = storage.output(lock)
    groups: dict[str, list[Needed]] = {} if output is None else {str(lock.parent): [output]}
    for clip in clips:
        group = groups.setdefault(clip.folder, [])
        with suppress(VidsharpError):  # a worker will say so
            if len(group) < LOOKED_FOR and (needed := storage.recording(clip) or clip.path).exists():
                group.append(needed)
    if config.reference is not None:
        originals = (original_of(config, clip) for clip in islice(clips, LOOKED_FOR))
        groups[str(config.reference)] = [path for path in originals if path is not None]
    return [group for group in groups.values() if group]


def empty_pool(engine: Engine, plan: PoolPlan, config: ProcessConfig, seen: Sequence[Sequence[Needed]]) -> ActorPool:
    """The pool of a run; it has no actors before `NodeWatch.look`.

    Args:
        seen: as `must_see`.
    """
    return ActorPool(
        *(engine, replace(plan, actors=0), config.model, config.strength, seen, config.stall_seconds),
        look=config.look,
        chroma=config.chroma,
    )


class NodeWatch:
    """Looks at an engine's machines from time to time, and has the pool's actors be those that the run has a use for.

    Args:
        workers: the most that it may have; None where nothing was said.
    """

    def __init__(self, engine: Engine, plan: PoolPlan, workers: int | None) -> None:
        self._engine = engine
        self._plan = plan
        self._workers = workers
        self._usual = plan.shape
        self._had_actors_at = self._look_at = time.monotonic()
        self.wanted = plan.actors
        """How many actors the run has a use for."""

    def look(self, pool: ActorPool, states: ClipStates) -> None:
        """Called in each turn of the driver's loop.

        Raises:
            ClusterError: as `Engine.nodes`.
        """
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + NODES_EVERY_S
        there = for_machines(self._plan, self._engine.nodes(), self._workers)
        self._usual = usual_shape(there, self._usual)
        grows = self._engine.grows
        shapes = wanted(there, states.work_left, workers=self._workers, usual=self._usual, grows=grows)
        self.wanted = len(shapes)
        pool.fit(shapes)
        if pool.ready():
            self._had_actors_at = now
        elif now - self._had_actors_at > WAIT_WARNING_S:
            self._had_actors_at = now
            needs = counted(self._usual.threads, "CPU") + (" and a GPU" if self._usual.gpus else "")
            way_out = " (--device cpu needs no GPU)" if self._usual.gpus else ""
            log.warning("no node has %s free for a sharpening process; waiting for one%s", needs, way_out)
