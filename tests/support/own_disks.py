"""An engine in this process whose machines share no disk: a worker finds its own one in the place of a folder."""

import shutil
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.engine.protocol import NodeLost

from tests.support.local_pool import InProcess, use

NODES = ("one", "two")


class OwnDisks(InProcess):
    """Two machines with a core and a worker each, and the driver's.

    Args:
        folder: what each machine has an own one of, the driver too.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._nodes = [{"CPU": 1.0} for _ in NODES]
        self._folder = folder
        self._next = cycle(NODES)
        self._node_of: dict[int, str] = {}
        self.calls: list[tuple[str, str]] = []
        """Nodes and what they were to do."""
        self.before: Callable[[str, str], None] = lambda node, method: None
        self.after: Callable[[str, str], None] = self.before
        """Called around each call of a worker; what it raises is what comes of the call."""

    def start(self, worker_class: type, threads: int, gpus: float, *arguments: Any, name: str | None = None) -> Any:
        worker = super().start(worker_class, threads, gpus, *arguments, name=name)
        self._node_of[id(worker)] = next(self._next)
        return worker

    def submit(self, worker: Any, method: str, *arguments: Any) -> Any:
        node, call = self._node_of[id(worker)], super().submit(worker, method, *arguments)

        def there() -> Any:
            self.calls.append((node, method))
            with self._on(node):
                self.before(node, method)
                answer = call()
                self.after(node, method)
                return answer

        return there

    def disk(self, node: str) -> Path:
        """The machine's folder, while nobody works there."""
        return self._folder.with_name(f"{self._folder.name} of {node}")

    def lose(self, node: str) -> None:
        """Ends the machine that the call at work is on, with its disk."""
        shutil.rmtree(self._folder, ignore_errors=True)
        raise NodeLost(f"{node} is gone")

    @contextmanager
    def _on(self, node: str) -> Iterator[None]:
        drivers, own = self.disk("the driver"), self.disk(node)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(socket, "gethostname", lambda: node)
            _move(self._folder, drivers)
            _move(own, self._folder)
            try:
                yield
            finally:
                _move(self._folder, own)
                _move(drivers, self._folder)


def use_own_disks(patch: pytest.MonkeyPatch, folder: Path) -> OwnDisks:
    """Has `process` work on such machines, whose folder is that of a user's caches."""
    engine = OwnDisks(folder)
    use(patch, engine)
    patch.setenv("XDG_CACHE_HOME", str(folder))
    return engine


def _move(folder: Path, to: Path) -> None:
    if folder.exists():
        folder.rename(to)
