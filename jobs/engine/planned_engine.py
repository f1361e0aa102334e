"""A run's engine and the plan of its workers, which begin where they are first asked for: a run with nothing to do
starts no engine, unless what there is to do depends on the machines."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Self

from ...models.nets.catalogue import AUTO, called
from ..config import ProcessConfig
from .engines import open_engine
from .gpu_trial import plan_run, student_on
from .gpus import visible_gpus
from .node import Needed
from .pool import BOTH, PoolPlan
from .protocol import Engine


def _nothing() -> Sequence[Sequence[Needed]]:
    return ()


class PlannedEngine:
    """Used in a `with` block, whose end is the engine's.

    Args:
        must_see: gives what `plan_run` takes.
    """

    def __init__(self, config: ProcessConfig, must_see: Callable[[], Sequence[Sequence[Needed]]] = _nothing) -> None:
        self._config = config
        self._must_see = must_see
        self._begun: tuple[Engine, PoolPlan] | None = None
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self._open.__exit__(*error)

    def begun(self) -> tuple[Engine, PoolPlan]:
        """The engine, started, and the plan for its workers.

        Raises:
            DeviceError, ClusterError: as `open_engine` and `plan_run`.
        """
        if self._begun is None:
            engine = self._open.enter_context(open_engine(self._config.engine, self._config.address))
            self._begun = engine, plan_run(engine, self._config, self._must_see())
        return self._begun

    def student(self) -> str:
        """The student of the run: as it was asked for, but what `auto` is by its name. The engine is begun for it only
        where this machine alone does not tell.

        Raises:
            DeviceError, ClusterError: as `begun`.
        """
        if str(self._config.model) == AUTO:
            on_gpu = device_is_gpu(self._config)
            name = student_on(AUTO, self.begun()[1]) if on_gpu is None else called(AUTO, on_gpu=on_gpu)
            self._config = replace(self._config, model=name)
        return self._config.model


def device_is_gpu(config: ProcessConfig) -> bool | None:
    """Whether a run's student is computed by GPUs alone, as far as that is known without an engine; else None."""
    if config.device in ("cpu", BOTH):
        return False
    if config.device != "auto":
        return True
    return None if config.address is not None or visible_gpus() else False
