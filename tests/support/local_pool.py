"""An engine in this process: a worker is an object, and a call is made when its result is asked for."""

from collections.abc import Collection
from functools import partial
from typing import Any, Self

import pytest
from vidsharp.jobs.engine import planned_engine
from vidsharp.jobs.engine.protocol import Engine
from vidsharp.jobs.notifying.metrics import Values
from vidsharp.jobs.processing import process_job


class InProcess:
    """As `Engine`, with one machine of that many cores and GPUs. Workers do not die."""

    def __init__(self, cores: float = 1.0, gpus: float = 0.0) -> None:
        self._nodes = [{"CPU": cores, **({"GPU": gpus} if gpus else {})}]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None: ...

    grows = False

    def nodes(self) -> list[dict[str, float]]:
        return self._nodes

    def start(self, worker_class: type, threads: int, gpus: float, *arguments: Any, name: str | None = None) -> Any:
        return worker_class(threads, *arguments)

    def submit(self, worker: Any, method: str, *arguments: Any) -> Any:
        return partial(getattr(worker, method), *arguments)

    def wait(self, calls: Collection[Any], timeout_s: float) -> list[Any]:
        return list(calls)

    def result(self, call: Any) -> Any:
        return call()

    def steps(self, worker: Any) -> int | None: ...

    def tell(self, run: str, values: Values) -> None: ...

    def kill(self, worker: Any) -> None: ...


def use_no_ray(patch: pytest.MonkeyPatch, cores: float = 1.0) -> None:
    """Has `process` work in this process alone: a run takes a fraction of a second, and a fault hits it anywhere."""
    use(patch, InProcess(cores))


def use(patch: pytest.MonkeyPatch, engine: Engine) -> None:
    """Has `process` take that engine, whatever it is asked for, and tell of progress after each answer."""
    patch.setattr(planned_engine, "open_engine", lambda name, address: engine)
    patch.setattr(process_job, "POLL_S", 0)
