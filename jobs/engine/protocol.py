"""The contract between a run and what runs its worker processes: `Engine`, and the errors that every engine raises."""

from collections.abc import Collection
from typing import Any, Protocol, Self

from ...models.errors import VidsharpError
from ..notifying.metrics import Values

ACTOR_ENVIRONMENT = {
    # `use_one_heap` comes too late for the heaps of threads that Ray has started, which later threads take turns on:
    # 960 MiB in an actor after 5 min of 720p, and 450 with this.
    "MALLOC_ARENA_MAX": "1",
    # What an actor measures is many small sums, while decoder, student and encoder keep all cores busy.
    "OPENBLAS_NUM_THREADS": "1",
}
"""Environment variables that a worker's process has from its start, whatever the engine."""


class ClusterError(VidsharpError, RuntimeError):
    """An engine cannot be started or reached, or its processes keep dying."""


class WorkerDied(RuntimeError):
    """The process that a call was given to died before it answered."""


class NodeLost(WorkerDied):
    """It died with its whole machine, which says nothing against the process itself."""

    def __init__(self, message: str = "", preempted: bool = False) -> None:
        """
        Args:
            preempted: whether who runs the cluster took the machine away.
        """
        super().__init__(message, preempted)
        self.preempted = preempted

    def __str__(self) -> str:
        return self.args[0]

    @property
    def how(self) -> str:
        """What became of the machine, for people."""
        return "taken away" if self.preempted else "lost"


class Engine(Protocol):
    """Worker processes for the time of a `with` block. A worker is one object in a process of its own; a call is one
    method of it. Workers do their calls one after the other, as they were submitted. Handles of workers and calls are
    the engine's own: whoever holds one only hands it back."""

    def __enter__(self) -> Self:
        """
        Raises:
            ClusterError: it cannot be started or reached.
        """
        ...

    def __exit__(self, *error: Any) -> None:
        """Ends what it has started; calls that are out do not count any more."""
        ...

    @property
    def grows(self) -> bool:
        """Whether machines may join while it is used."""
        ...

    def nodes(self) -> list[dict[str, float]]:
        """What each machine has, by resource: `CPU`, and `GPU` where there is one; at least one machine.

        Raises:
            ClusterError: no machine is left.
        """
        ...

    def start(self, worker_class: type, threads: int, gpus: float, *arguments: Any, name: str | None = None) -> Any:
        """A new worker, `worker_class(threads, *arguments)`, on a machine with that many cores and GPUs, or such a part
        of one, to spare; its process sees no other GPUs, unless `gpus` is 0. Returns at once: what goes wrong is told
        of its first call.

        Args:
            name: what people know it by where the engine shows its workers; no other has it.

        Raises:
            ClusterError: no process can be started at all.
        """
        ...

    def submit(self, worker: Any, method: str, *arguments: Any) -> Any:
        """A call of a worker's method: hashable. Arguments and result have to be such as can be pickled."""
        ...

    def wait(self, calls: Collection[Any], timeout_s: float) -> list[Any]:
        """Those of the calls that are answered: all of them at the time, at least one unless `timeout_s` goes by."""
        ...

    def result(self, call: Any) -> Any:
        """What an answered call has returned.

        Raises:
            WorkerDied: its process died first.
            NodeLost: its machine was lost first.
            Exception: whatever the method raised.
        """
        ...

    def steps(self, worker: Any) -> int | None:
        """What a worker's `frames_done()` gives while a call of it is at work; None where nothing new is heard. Never
        waits: an answer may come with a later question."""
        ...

    def tell(self, run: str, values: Values) -> None:
        """Passes metrics on to what collects them from this engine; does nothing, where nothing does.

        Args:
            run: what the run is called in them.
        """
        ...

    def kill(self, worker: Any) -> None:
        """Ends a worker's process (SIGKILL), at work or not. Its calls are answered by `WorkerDied`."""
        ...
