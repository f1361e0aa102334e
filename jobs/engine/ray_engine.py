"""Ray as an engine: workers are its actors, on this machine or on a cluster's."""

import os
from collections.abc import Collection
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any, Self

import ray
from ray.exceptions import ActorUnavailableError, RayActorError, RayError, RayTaskError

from ..notifying.metrics import Values
from .cluster import living_nodes, ray_session
from .protocol import ACTOR_ENVIRONMENT, ClusterError, NodeLost, WorkerDied
from .ray_metrics import RayMetrics
from .ray_private import node_was_lost

_PROGRESS = "progress"
"""The concurrency group in which an actor says how far it is while its own thread works."""


@dataclass(eq=False)
class _Actor:
    handle: Any
    asked: Any = None
    """The answer that is still out on how far it is."""


class RayEngine:
    """As `Engine` says. A Ray that the caller has initialised already is used as it is."""

    def __init__(self, address: str | None = None) -> None:
        """
        Args:
            address: of a running cluster (`auto` finds one on this machine); None starts one for this process alone.
        """
        self._address = address
        self._metrics: RayMetrics | None = None
        self._session = ExitStack()
        self._remote: dict[type, Any] = {}
        """Remote classes, by class: each is exported to Ray once."""

    def __enter__(self) -> Self:
        if self._address is not None or ray.is_initialized():
            self._metrics = RayMetrics()  # from a Ray of our own, nothing collects them
        try:
            self._session.enter_context(ray_session(self._address))
        except ClusterError as error:
            if self._address is not None:
                raise
            raise ClusterError(f"{error}; --engine local works without it") from error
        return self

    def __exit__(self, *error: Any) -> None:
        self._session.__exit__(*error)

    @property
    def grows(self) -> bool:
        # A caller's own Ray may be of this machine alone, which Ray does not tell.
        return self._address is not None or len(living_nodes()) > 1

    def nodes(self) -> list[dict[str, float]]:
        # Ray waits for ever for a machine to start processes on; with this one's gone, none comes.
        nodes = living_nodes()
        if not nodes:
            raise ClusterError("Ray's node process died; run the same command again to go on")
        return nodes

    def start(self, worker_class: type, threads: int, gpus: float, *arguments: Any, name: str | None = None) -> _Actor:
        if worker_class not in self._remote:
            made_remote: Any = ray.remote  # its types know but some of its options
            self._remote[worker_class] = made_remote(concurrency_groups={_PROGRESS: 1})(worker_class)
        actor = self._remote[worker_class].options(
            name=name,
            num_cpus=threads,
            num_gpus=gpus,
            # Where Ray hands it over, a process takes 0.3 s longer to start.
            runtime_env=None if ACTOR_ENVIRONMENT.items() <= os.environ.items() else {"env_vars": ACTOR_ENVIRONMENT},
        )
        return _Actor(actor.remote(threads, *arguments))

    def submit(self, worker: _Actor, method: str, *arguments: Any) -> Any:
        worker.asked = None  # what it says of the call before is no longer of interest
        return getattr(worker.handle, method).remote(*arguments)

    def wait(self, calls: Collection[Any], timeout_s: float) -> list[Any]:
        answered, _ = ray.wait(list(calls), num_returns=len(calls), timeout=0)
        if not answered:
            answered, _ = ray.wait(list(calls), num_returns=1, timeout=timeout_s)
        return answered

    def result(self, call: Any) -> Any:
        try:
            return ray.get(call)
        except RayTaskError as error:
            # Ray wraps the error with a traceback; people get the error itself.
            raise error.cause if isinstance(error.cause, Exception) else error from None
        except RayError as error:
            preempted = isinstance(error, RayActorError) and error.preempted
            # Of a process that dies alone, Ray knows within a second that it has; of a machine, not for half a minute.
            unreachable = isinstance(error, ActorUnavailableError) and self.grows
            if preempted or unreachable or node_was_lost(error):
                raise NodeLost(str(error), preempted) from error
            raise WorkerDied(str(error)) from error

    def steps(self, worker: _Actor) -> int | None:
        if worker.asked is None:
            worker.asked = worker.handle.frames_done.options(concurrency_group=_PROGRESS).remote()
        elif ray.wait([worker.asked], timeout=0)[0]:
            asked, worker.asked = worker.asked, None
            with suppress(RayError):  # of an actor that died, the answer to its call says so
                steps: Any = ray.get(asked)
                return steps
        return None

    def tell(self, run: str, values: Values) -> None:
        if self._metrics is not None:
            with suppress(RayError):  # of a cluster that is gone, the workers' calls tell
                self._metrics.tell(run, values)

    def kill(self, worker: _Actor) -> None:
        ray.kill(worker.handle)
