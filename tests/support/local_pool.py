"""An actor pool without Ray: one actor in this process, which works when it is asked for answers."""

from collections import deque
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any

import pytest
from vidsharp.jobs.engine.actor import SharpenActor
from vidsharp.jobs.engine.actors import Answer
from vidsharp.jobs.engine.pool import PoolPlan
from vidsharp.jobs.engine.schedule import Work
from vidsharp.jobs.processing import process_job

NAME = "actor-0"


class LocalPool:
    """As `ActorPool`, for all that the job asks of it."""

    def __init__(self, plan: PoolPlan, model: str, strength: float, *_: Any, **chosen: Any) -> None:
        self._actor = SharpenActor(plan.threads)
        self._actor.load(model, plan.device, strength, **chosen)
        self._waiting: deque[tuple[Any, tuple[Any, ...], Any]] = deque()

    @property
    def busy(self) -> bool:
        return bool(self._waiting)

    def grow(self, actors: int) -> None: ...

    def ready(self) -> list[str]:
        return [NAME]

    def names(self) -> list[str]:
        return [NAME]

    def idle(self) -> list[str]:
        return [] if self._waiting else [NAME]

    def prepare(self, name: str, arguments: tuple[Any, ...], about: Any) -> None:
        self._waiting.append((self._actor.prepare, arguments, about))

    def sharpen(self, name: str, task: Any, measure: Any, about: Work) -> None:
        self._waiting.append((self._actor.sharpen, (task, measure), about))

    def answers(self, timeout_s: float) -> list[Answer]:
        if not self._waiting:
            return []
        work, arguments, about = self._waiting.popleft()
        try:
            return [Answer(NAME, about, value=work(*arguments))]
        except Exception as error:
            return [Answer(NAME, about, error=error)]

    def frames_done(self) -> Iterator[tuple[Work, int]]:
        return iter(())

    def stop(self) -> None:
        self._waiting.clear()


def use_no_ray(patch: pytest.MonkeyPatch, cores: int = 1) -> None:
    """Has `process` work in this process alone: a run takes a fraction of a second, and a fault hits it anywhere.

    Args:
        cores: what Ray would say that the machine has.
    """
    patch.setattr(process_job, "ActorPool", LocalPool)
    patch.setattr(process_job, "ray_session", lambda address: nullcontext())
    patch.setattr(process_job, "living_nodes", lambda: [{"CPU": float(cores), "node:local": 1.0}])
