"""Worker processes of this machine alone, without Ray: for containers, notebooks and systems where Ray does not run."""

import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pickle import dumps, loads
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any, Self

from ...models.cores import usable_cores
from ..notifying.metrics import Values
from .gpus import visible_gpus
from .local_worker import ANSWER, NUMBER_BYTES
from .messages import read_message, write_message
from .protocol import ACTOR_ENVIRONMENT, ClusterError, WorkerDied

_BURIAL_S = 10.0
"""How long the end of a killed process is waited for: one that hangs in a dead network disk does not end."""

# Not `multiprocessing`, which would run the caller's script again in each process, unless its author knew of that.
_PROGRAM = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); sys.path[:] = sys.argv[2:]; "
    f"from {__package__}.local_worker import serve; serve(int(sys.argv[1]))"
)


@dataclass(eq=False)
class _Worker:
    process: "subprocess.Popen[bytes]"
    messages: IO[bytes]
    """The pipe to it; what it says is read by a thread."""
    gpu: str | None
    calls: "deque[_Call]" = field(default_factory=deque)
    """Calls that are not answered yet, the one at work first."""
    answered: int = 0
    """How many calls it has answered."""
    steps: int = 0
    """How far the call at work is."""


@dataclass(eq=False)
class _Call:
    worker: _Worker
    answer: tuple[bool, Any] | None = None
    """Whether it came through, with what it returned or raised."""


class LocalEngine:
    """As `Engine` says. A worker is spoken to through its stdin and stdout, whose end is also the sign of the process's
    end, in both directions: no worker outlives this process, however that ends."""

    grows = False

    def __init__(self) -> None:
        self._workers: set[_Worker] = set()
        self._gpus = visible_gpus()
        self._heard = SimpleQueue[tuple[_Worker, bytes | None]]()
        """What workers say, in the order of each; None is its end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        for worker in self._workers:
            worker.process.kill()
        for worker in list(self._workers):
            self._bury(worker)

    def nodes(self) -> list[dict[str, float]]:
        gpus = {"GPU": float(len(self._gpus))} if self._gpus else {}
        return [{"CPU": float(usable_cores()), **gpus}]

    def start(self, worker_class: type, threads: int, gpus: float, *arguments: Any, name: str | None = None) -> _Worker:
        gpu = self._least_used_gpu() if gpus and self._gpus else None
        try:
            worker = self._spawn(threads, gpu)
        except (OSError, RuntimeError) as error:  # RuntimeError: no thread
            said = getattr(error, "strerror", None) or error
            raise ClusterError(f"no process can be started on this machine ({said})") from error
        self._workers.add(worker)
        self._send(worker, (worker_class, (threads, *arguments)))
        return worker

    def submit(self, worker: _Worker, method: str, *arguments: Any) -> Any:
        call = _Call(worker)
        worker.calls.append(call)
        if worker not in self._workers:
            self._bury(worker)
        self._send(worker, (method, arguments))
        return call

    def wait(self, calls: Collection[Any], timeout_s: float) -> list[Any]:
        until = time.monotonic() + timeout_s
        self._take_in()
        while not any(call.answer for call in calls):
            left_s = until - time.monotonic()
            if left_s <= 0:
                break
            with suppress(Empty):
                self._take(*self._heard.get(timeout=left_s))
            self._take_in()
        return [call for call in calls if call.answer is not None]

    def result(self, call: _Call) -> Any:
        assert call.answer is not None, "`wait` comes first"
        came_through, value = call.answer
        if not came_through:
            raise value
        return value

    def steps(self, worker: _Worker) -> int | None:
        self._take_in()
        return worker.steps if worker in self._workers else None

    def tell(self, run: str, values: Values) -> None: ...

    def kill(self, worker: _Worker) -> None:
        worker.process.kill()
        worker.gpu = None  # its successor may be started before its end is heard of

    def _send(self, worker: _Worker, message: Any) -> None:
        packed = dumps(message)
        with suppress(OSError, ValueError):  # of a process that has died, `wait` tells; ValueError: it is buried
            write_message(worker.messages, packed)

    def _take_in(self) -> None:
        """What has been said so far."""
        with suppress(Empty):
            while True:
                self._take(*self._heard.get_nowait())

    def _take(self, worker: _Worker, message: bytes | None) -> None:
        if message is None:
            self._bury(worker)
        elif message.startswith(ANSWER):
            try:
                answer = loads(message[len(ANSWER) :])
            except Exception as error:
                answer = (False, error)
            worker.calls.popleft().answer = answer
            worker.answered, worker.steps = worker.answered + 1, 0
        else:
            number, steps = (
                int.from_bytes(message[end - NUMBER_BYTES : end], signed=True)
                for end in (1 + NUMBER_BYTES, 1 + 2 * NUMBER_BYTES)
            )
            if number == worker.answered + 1:
                worker.steps = steps

    def _bury(self, worker: _Worker) -> None:
        worker.process.kill()  # it may still be on its way out
        with suppress(subprocess.TimeoutExpired):
            worker.process.wait(_BURIAL_S)
        self._workers.discard(worker)
        with suppress(OSError):  # of what it did not read any more
            worker.messages.close()
        for call in worker.calls:
            call.answer = (False, WorkerDied(_how_it_ended(worker.process.returncode)))
        worker.calls.clear()

    def _spawn(self, threads: int, gpu: str | None) -> _Worker:
        """A process that waits for its first message."""
        process = subprocess.Popen(
            [sys.executable, "-P", "-c", _PROGRAM, str(os.getpid()), *sys.path],
            env=_environment(threads, gpu),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert process.stdin is not None
        worker = _Worker(process, process.stdin, gpu)
        try:
            Thread(target=self._listen, args=(worker,), daemon=True).start()
        except RuntimeError:
            with process:  # which closes its pipes
                process.kill()
            raise
        return worker

    def _listen(self, worker: _Worker) -> None:
        assert worker.process.stdout is not None
        with suppress(OSError), worker.process.stdout as said:
            while (message := read_message(said)) is not None:
                self._heard.put((worker, message))
        self._heard.put((worker, None))

    def _least_used_gpu(self) -> str:
        """A worker that has just died may still hold its GPU for a moment; its successor gets the same one."""
        used = [worker.gpu for worker in self._workers]
        return min(self._gpus, key=used.count)


def _environment(threads: int, gpu: str | None) -> dict[str, str]:
    """As that of Ray's actors is."""
    environment = {"OMP_NUM_THREADS": str(threads), **os.environ, **ACTOR_ENVIRONMENT}
    return environment if gpu is None else {**environment, "CUDA_VISIBLE_DEVICES": gpu}


def _how_it_ended(code: int | None) -> str:
    if code is None:
        return "the process does not answer any more"
    if code >= 0:
        return f"the process ended with exit code {code}"
    with suppress(ValueError):
        return f"the process was ended by {signal.Signals(-code).name}"
    return f"the process was ended by signal {-code}"
