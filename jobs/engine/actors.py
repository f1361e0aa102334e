"""The sharpening actors of a run, on any engine: started, given work, listened to, and replaced when one dies."""

import itertools
import logging
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ...models.errors import DeviceError, GpuLost, VidsharpError
from ...models.nets.chroma_choice import Chroma
from ...models.wording import one_line
from ...pipeline.sharpen_chunk import ChunkTask
from ..config import ProcessConfig
from ..interrupts import raise_if_interrupted
from .actor import PrepareTask, SharpenActor
from .measure_task import MeasureTask
from .node import Needed, NodeError
from .pool import Crew, PoolPlan, Shape
from .protocol import ClusterError, Engine, NodeLost, WorkerDied
from .schedule import Work
from .work_result import WorkResult

log = logging.getLogger("vidsharp")

MAX_FAILED_STARTS = 3
"""Actors that may die in a row before one has loaded its student."""

MAX_LOST_GPUS = 6
"""GPUs that may be lost in a row before a chunk is finished on one."""

POLL_S = 0.25
"""How often the driver looks for news."""

STALL_S: float = ProcessConfig.stall_seconds
"""An actor that neither reads a packet nor finishes a frame for so long hangs, where nothing else is said."""

TURN_S = 1.0
"""A turn of the driver's loop takes no longer, unless the driver was elsewhere: writing tables to a slow disk, or
stopped. The rest of such a turn says nothing of the actors, since nobody listened to them."""


class StalledError(VidsharpError, RuntimeError):
    """A piece of work stood still for too long, and its process was ended."""


@dataclass
class _Actor:
    worker: Any
    """The engine's handle."""
    shape: Shape
    about: Any = None
    """What it is working on; None when idle."""
    loading: bool = True
    steps: int = 0
    """How far it was at last."""
    moved_at: float = 0.0
    """When it last got on, in seconds that the pool has listened."""
    stalled: bool = False
    node: str | None = None
    """The machine's name, once the student is loaded."""


class ActorPool:
    """Keeps `plan.actors` actors alive, or those that `fit` was told. An actor is named by a number that no later actor
    gets again, and reserves the same cores as long as it lives. One whose node does not see `must_see` (see
    `check_sees`), or whose GPU cannot be used, gets no work; one that loses its GPU is ended, and another one started:
    it would fail one chunk after the other in milliseconds."""

    actor_class: type = SharpenActor

    def __init__(
        self,
        engine: Engine,
        plan: PoolPlan,
        model: str,
        strength: float,
        must_see: Sequence[Sequence[Needed]] = (),
        stall_s: float = STALL_S,
        look: float | None = None,
        chroma: Chroma | None = None,
    ) -> None:
        self._engine = engine
        self._plan = plan
        self._must_see = tuple(must_see)
        self._stall_s = stall_s
        self._listened_s = 0.0
        self._turn_at = time.monotonic()
        self._student = (model, strength, look, chroma)
        self._numbers = itertools.count()
        self._actors: dict[str, _Actor] = {}
        self._pending: dict[Any, str] = {}
        self._failed_starts = self._lost_gpus = 0
        self._useless: dict[str, list[_Actor]] = {}
        self._run = secrets.token_hex(4)
        for _ in range(plan.actors):
            self._start(plan.shape)

    def _start(self, shape: Shape) -> None:
        name = f"actor-{next(self._numbers)}"
        # Other runs on the cluster count from 0, too.
        known_as = f"vidsharp-{self._run}-{name}"
        worker = self._engine.start(self.actor_class, shape.threads, shape.gpus, self._must_see, name=known_as)
        self._actors[name] = _Actor(worker, shape)
        model, *how = self._student
        gpu = None if shape.device == "cpu" else self._plan.gpu
        self._pending[self._engine.submit(worker, "load", model, shape.device, *how, gpu)] = name

    def fit(self, wanted: Sequence[Shape]) -> None:
        """Starts what lacks to these actors, of which those that get no work are some. Where there are more that may
        work, it ends such as have nothing to do, and those that are not ready first; and where those that lack have
        more threads each than one without work, that makes room for them."""
        have, asked = self._shapes(), Counter(wanted)
        left_over, larger = have - asked, min((shape.threads for shape in asked - have), default=0)
        too_many = len(self._actors) - len(wanted)
        for only_left_over in (True, False):
            for name, actor in self._without_work():
                makes_room = only_left_over and actor.shape.threads < larger
                if (too_many > 0 or makes_room) and (left_over[actor.shape] > 0 or not only_left_over):
                    left_over[actor.shape] -= 1
                    too_many -= 1
                    self._end(name)
        have = self._shapes()
        for shape in itertools.islice((asked - have).elements(), max(0, len(wanted) - have.total())):
            self._start(shape)

    def _shapes(self) -> Counter[Shape]:
        """Those of all actors."""
        return Counter(actor.shape for actor in itertools.chain(self._actors.values(), *self._useless.values()))

    def _without_work(self) -> list[tuple[str, _Actor]]:
        """Those that are not ready first."""
        without = [(name, actor) for name, actor in self._actors.items() if actor.about is None]
        return sorted(without, key=lambda each: not each[1].loading)

    def end_work(self, name: str) -> None:
        """Ends an actor whose result counts no more, if at work. It answers that it died, and another is begun."""
        actor = self._actors.get(name)
        if actor is not None and actor.about is not None:
            self._engine.kill(actor.worker)

    def _end(self, name: str) -> None:
        self._engine.kill(self._actors.pop(name).worker)
        self._pending = {call: other for call, other in self._pending.items() if other != name}

    @property
    def busy(self) -> bool:
        """Whether any answer is out."""
        return bool(self._pending)

    def names(self) -> list[str]:
        """All living actors."""
        return list(self._actors)

    def devices(self) -> set[str]:
        """What the students of all living actors are on."""
        return {actor.shape.device for actor in self._actors.values()}

    def device(self, name: str) -> str:
        """What an actor's student is on."""
        return self._actors[name].shape.device

    def ready(self) -> list[str]:
        """Living actors that have loaded their student: the others may still wait for a node with room for them."""
        return [name for name, actor in self._actors.items() if not actor.loading]

    def idle(self) -> list[str]:
        """Actors that have loaded their student and wait for work."""
        return [name for name in self.ready() if self._actors[name].about is None]

    def prepare(self, name: str, task: PrepareTask, about: Any) -> None:
        """Has an idle actor probe and plan a recording."""
        self._give(name, "prepare", (task,), about)

    def sharpen(self, name: str, task: ChunkTask, measure: MeasureTask | None, about: Work, *afar: Any) -> None:
        """Has an idle actor do a chunk; `afar` are the last arguments of `SharpenActor.sharpen`."""
        self._give(name, "sharpen", (task, measure, *afar), about)

    def do(self, name: str, task: Callable[[Callable[[], None]], Any], about: Any) -> None:
        """Has an idle actor do anything else: see `SharpenActor.do`."""
        self._give(name, "do", (task,), about)

    def crew(self) -> Crew:
        """The actors as they are now."""
        ready = [self._actors[name] for name in self.ready()]
        busy = sum(actor.about is not None for actor in ready)
        by_state = {
            "starting": len(self._actors) - len(ready),
            "idle": len(ready) - busy,
            "busy": busy,
            "refused": sum(map(len, self._useless.values())),
        }
        shapes = [actor.shape for actor in ready]
        return Crew(by_state, sum(shape.threads for shape in shapes), sum(shape.gpus for shape in shapes))

    def node(self, name: str) -> str | None:
        """The name of the machine that an actor is on; None as long as it is not known."""
        return self._actors[name].node

    def _give(self, name: str, method: str, arguments: tuple[Any, ...], about: Any) -> None:
        actor = self._actors[name]
        actor.about, actor.moved_at = about, self._listened_s
        self._pending[self._engine.submit(actor.worker, method, *arguments)] = name

    def answers(self, timeout_s: float) -> list[WorkResult]:
        """What has come back, after at most `timeout_s`. Ends actors that hang, and replaces those that died. Time in
        which it is not called counts for `TURN_S` at most.

        Raises:
            KeyboardInterrupt: as `raise_if_interrupted`.
            ModelError, CheckpointError, DeviceError, GpuLost: no actor can load the student.
            NodeError: no node sees the run's folders.
            ClusterError: actors die before they are ready, or lose their GPUs, again and again.
        """
        raise_if_interrupted()
        self._count_turn()
        if not self._pending:
            return []
        self._end_stalled()
        answered = self._engine.wait(self._pending.keys(), timeout_s)
        return [answer for call in answered for answer in self._answer(call)]

    def _count_turn(self) -> None:
        now = time.monotonic()
        # Whether an actor gets on is known every other turn: two of them must not pass for a stall.
        self._listened_s += min(now - self._turn_at, TURN_S, self._stall_s / 4)
        self._turn_at = now

    def _end_stalled(self) -> None:
        for actor in self._actors.values():
            if actor.about is not None and self._listened_s - actor.moved_at > self._stall_s and not actor.stalled:
                actor.stalled = True
                self._engine.kill(actor.worker)

    def _answer(self, call: Any) -> Iterator[WorkResult]:
        name = self._pending.pop(call)
        actor = self._actors[name]
        about, was_loading = actor.about, actor.loading
        value, error = None, None
        try:
            value = self._engine.result(call)
        except Exception as caught:
            error = caught
        actor.about = None
        if isinstance(error, WorkerDied):
            self._engine.kill(self._actors.pop(name).worker)  # else it may live on: it may only be out of reach
            self._failed_starts += was_loading and not isinstance(error, NodeLost)
            if self._failed_starts >= MAX_FAILED_STARTS:
                raise ClusterError(f"sharpening processes die before they are ready ({one_line(error)})") from error
            self._start(actor.shape)
            if actor.stalled:
                error = StalledError(
                    f"it stood still for {self._stall_s:g} s, as where a codec hangs; "
                    "--stall-seconds gives slow machines more"
                )
        if was_loading:
            if error is None:
                actor.loading, actor.node, self._failed_starts = False, value, 0
            elif isinstance(error, NodeError | DeviceError | GpuLost):
                self._give_up(name, error)
            elif isinstance(error, VidsharpError):
                raise error
            elif name in self._actors:
                raise ClusterError(f"a sharpening process cannot start ({one_line(error)})") from error
            return
        if isinstance(error, GpuLost):
            self._replace(name, error)
        elif error is None and isinstance(about, Work):
            self._lost_gpus = 0
        yield WorkResult(name, about, value, error, actor.node, actor.shape.device)

    def _replace(self, name: str, error: GpuLost) -> None:
        lost = self._actors.pop(name)
        self._engine.kill(lost.worker)
        self._lost_gpus += 1
        if self._lost_gpus >= MAX_LOST_GPUS:
            raise ClusterError(
                f"{str(error).rstrip('.')}, nor could {self._lost_gpus - 1} before it, and no chunk was finished "
                "between; run the same command again to go on, or with --device cpu"
            )
        self._start(lost.shape)

    def _give_up(self, name: str, error: VidsharpError) -> None:
        # It stays and holds its cores and its GPU: else another actor would be started in its place.
        useless = self._useless.setdefault(str(error), [])
        useless.append(self._actors.pop(name))
        if not self._actors:
            raise error
        if len(useless) == 1:
            log.error("%s; it gets no work", str(error).rstrip("."), extra={"actor": name})

    def frames_done(self) -> Iterator[tuple[Work, int]]:
        """How far the chunks at work are, as far as their actors have answered. Ask often: who does not get on in what
        is heard here is taken to hang."""
        for actor in self._actors.values():
            steps = None if actor.about is None else self._engine.steps(actor.worker)
            if steps is None:
                continue
            if steps != actor.steps:
                actor.steps, actor.moved_at = steps, self._listened_s
            if isinstance(actor.about, Work):
                # A chunk that is decoded twice counts on.
                yield actor.about, max(0, min(steps, actor.about.chunk.frames))

    def stop(self) -> None:
        """Ends all actors, at work or not; what they have not finished does not count."""
        for actor in itertools.chain(self._actors.values(), *self._useless.values()):
            self._engine.kill(actor.worker)
        self._actors.clear()
        self._useless.clear()
        self._pending.clear()
