"""The machines of a run: what each must see, those that join, and a run that waits for one with room."""

import logging
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from ...models.wording import counted
from ..config import ProcessConfig
from ..engine.actors import ActorPool
from ..engine.pool import PoolPlan, actors_that_fit
from ..engine.protocol import Engine
from ..files.clips import Clip
from .worker_tasks import original_of

log = logging.getLogger("vidsharp")

LOOKED_FOR = 5
"""Recordings of each folder that are looked for on each node before it gets work."""
NODES_EVERY_S = 5.0
"""How often the driver looks for machines that have joined."""
WAIT_WARNING_S = 60.0
"""How long a run is without any actor before it says so, and says it again."""


def must_see(lock: Path, clips: Sequence[Clip], config: ProcessConfig) -> Sequence[Sequence[Path]]:
    """Files that every node needs at the driver's paths: see `check_sees`.

    Args:
        lock: the run's lock, which proves that a node's output folder is this one.
    """
    groups: dict[str, list[Path]] = {str(lock.parent): [lock]}
    for clip in clips:
        group = groups.setdefault(clip.folder, [])
        if len(group) < LOOKED_FOR and clip.path.exists():
            group.append(clip.path)
    if config.reference is not None:
        originals = (original_of(config, clip) for clip in islice(clips, LOOKED_FOR))
        groups[str(config.reference)] = [path for path in originals if path is not None]
    return [group for group in groups.values() if group]


class NodeWatch:
    """Looks at an engine's machines from time to time.

    Args:
        grows: whether machines that join get actors.
    """

    def __init__(self, engine: Engine, plan: PoolPlan, *, grows: bool) -> None:
        self._engine = engine
        self._plan = plan
        self._grows = grows
        self._had_actors_at = time.monotonic()
        self._look_at = self._had_actors_at + NODES_EVERY_S

    def look(self, pool: ActorPool) -> None:
        """Called in each turn of the driver's loop.

        Raises:
            ClusterError: as `Engine.nodes`.
        """
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + NODES_EVERY_S
        nodes = self._engine.nodes()
        if self._grows:
            pool.grow(actors_that_fit(self._plan, nodes))
        if pool.ready():
            self._had_actors_at = now
        elif now - self._had_actors_at > WAIT_WARNING_S:
            self._had_actors_at = now
            needs = counted(self._plan.threads, "CPU") + (" and a GPU" if self._plan.gpus else "")
            way_out = " (--device cpu needs no GPU)" if self._plan.gpus else ""
            log.warning("no node has %s free for a sharpening process; waiting for one%s", needs, way_out)
