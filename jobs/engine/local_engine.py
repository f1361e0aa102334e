"""Worker processes of this machine alone, without Ray: for containers, notebooks and systems where Ray does not run."""

import os
import signal
import subprocess
import sys
import tempfile
from collections import deque
from collections.abc import Collection
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, Pipe, wait
from pickle import dumps, loads
from typing import Any, Self

from .gpus import visible_gpus
from .local_worker import COUNTER_BYTES
from .machine import usable_cores
from .protocol import ACTOR_ENVIRONMENT, ClusterError, WorkerDied

_BURIAL_S = 10.0
"""How long the end of a killed process is waited for: one that hangs in a dead network disk does not end."""

# Not `multiprocessing`, which would run the caller's script again in each process, unless its author knew of that.
_PROGRAM = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); sys.path[:] = sys.argv[4:]; "
    f"from {__package__}.local_worker import serve; serve(*map(int, sys.argv[1:4]))"
)


@dataclass(eq=False)
class _Worker:
    process: "subprocess.Popen[bytes]"
    connection: Connection
    counter: int
    """A file of `COUNTER_BYTES`: how far it is."""
    gpu: str | None
    calls: "deque[_Call]" = field(default_factory=deque)
    """Calls that are not answered yet, the one at work first."""


@dataclass(eq=False)
class _Call:
    worker: _Worker
    answer: tuple[bool, Any] | None = None
    """Whether it came through, with what it returned or raised."""


class LocalEngine:
    """As `Engine` says. A worker is spoken to through a socket, whose end is also the sign of the process's end, in
    both directions: no worker outlives this process, however that ends."""

    def __init__(self) -> None:
        self._workers: set[_Worker] = set()
        self._gpus = visible_gpus()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in list(self._workers):
            self._bury(worker)

    def nodes(self) -> list[dict[str, float]]:
        gpus = {"GPU": float(len(self._gpus))} if self._gpus else {}
        return [{"CPU": float(usable_cores() or 1), **gpus}]

    def start(self, worker_class: type, threads: int, gpus: int, *arguments: Any) -> _Worker:
        gpu = self._least_used_gpu() if gpus and self._gpus else None
        try:
            worker = _spawn(threads, gpu)
        except OSError as error:
            raise ClusterError(f"no process can be started on this machine ({error.strerror or error})") from error
        self._workers.add(worker)
        self._send(worker, (worker_class, (threads, *arguments)))
        return worker

    def submit(self, worker: _Worker, method: str, *arguments: Any) -> Any:
        call = _Call(worker)
        worker.calls.append(call)
        os.pwrite(worker.counter, bytes(COUNTER_BYTES), 0)
        self._send(worker, (method, arguments))
        return call

    def wait(self, calls: Collection[Any], timeout_s: float) -> list[Any]:
        answered = any(call.answer for call in calls)
        workers = {call.worker.connection: call.worker for call in calls if call.answer is None}
        for connection in wait(list(workers), 0 if answered else timeout_s):
            self._hear(workers[connection])
        return [call for call in calls if call.answer is not None]

    def result(self, call: _Call) -> Any:
        assert call.answer is not None, "`wait` comes first"
        came_through, value = call.answer
        if not came_through:
            raise value
        return value

    def steps(self, worker: _Worker) -> int | None:
        if worker not in self._workers:
            return None
        return int.from_bytes(os.pread(worker.counter, COUNTER_BYTES, 0), signed=True)

    def kill(self, worker: _Worker) -> None:
        worker.process.kill()

    def _send(self, worker: _Worker, message: Any) -> None:
        packed = dumps(message)
        with suppress(OSError):  # of a process that has died, `wait` tells
            worker.connection.send_bytes(packed)

    def _hear(self, worker: _Worker) -> None:
        try:
            packed = worker.connection.recv_bytes()
        except (EOFError, OSError):
            self._bury(worker)
            return
        try:
            answer = loads(packed)
        except Exception as error:
            answer = (False, error)
        worker.calls.popleft().answer = answer

    def _bury(self, worker: _Worker) -> None:
        worker.process.kill()  # it may still be on its way out
        with suppress(subprocess.TimeoutExpired):
            worker.process.wait(_BURIAL_S)
        self._workers.discard(worker)
        worker.connection.close()
        os.close(worker.counter)
        for call in worker.calls:
            call.answer = (False, WorkerDied(_how_it_ended(worker.process.returncode)))
        worker.calls.clear()

    def _least_used_gpu(self) -> str:
        """A worker that has just died may still hold its GPU for a moment; its successor gets the same one."""
        used = [worker.gpu for worker in self._workers]
        return min(self._gpus, key=used.count)


def _spawn(threads: int, gpu: str | None) -> _Worker:
    """A process that waits for its first message."""
    ours, theirs = Pipe()
    with theirs, ExitStack() as opened:
        opened.callback(ours.close)
        counter = _new_counter()
        opened.callback(os.close, counter)
        descriptors = (theirs.fileno(), counter)
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM, *map(str, (*descriptors, os.getpid(), *sys.path))],
            env=_environment(threads, gpu),
            pass_fds=descriptors,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        opened.pop_all()  # they stay open: all went well
    return _Worker(process, ours, counter, gpu)


def _environment(threads: int, gpu: str | None) -> dict[str, str]:
    """As that of Ray's actors is."""
    environment = {"OMP_NUM_THREADS": str(threads), **os.environ, **ACTOR_ENVIRONMENT}
    return environment if gpu is None else {**environment, "CUDA_VISIBLE_DEVICES": gpu}


def _new_counter() -> int:
    """A file in memory that a process and its child share, where the system has such; else on disk, without a name."""
    if hasattr(os, "memfd_create"):
        return os.memfd_create("vidsharp-steps")
    with tempfile.TemporaryFile(buffering=0) as file:
        return os.dup(file.fileno())


def _how_it_ended(code: int | None) -> str:
    if code is None:
        return "the process does not answer any more"
    if code >= 0:
        return f"the process ended with exit code {code}"
    with suppress(ValueError):
        return f"the process was ended by {signal.Signals(-code).name}"
    return f"the process was ended by signal {-code}"
