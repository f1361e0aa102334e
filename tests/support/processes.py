"""What processes of a pool do in tests; imports nothing that takes long."""

import os
import sys
import time
from pathlib import Path
from threading import Lock


def begins() -> None:
    """Sets up nothing."""


def sleeps(begun: Path) -> None:
    """Says that it has begun, and goes on for longer than any test."""
    begun.touch()
    time.sleep(3600)


def dies(_: object) -> None:
    """Ends its process, as the system does where memory is short."""
    os._exit(9)


class Worker:
    """What engines start in tests."""

    def __init__(self, threads: int, *given: object) -> None:
        if given == ("broken",):
            raise ValueError("it cannot be made")
        self._made_with = (threads, *given)
        self._steps = 0

    def frames_done(self) -> int:
        return self._steps

    def made_with(self, *more: object) -> tuple[object, ...]:
        return (*self._made_with, *more)

    def process(self) -> int:
        return os.getpid()

    def variable(self, name: str) -> str | None:
        return os.environ.get(name)

    def fails(self, error: Exception) -> None:
        raise error

    def fails_oddly(self) -> None:
        error = ValueError("odd")
        error.args = (Lock(),)  # which nobody can send
        raise error

    def gives_what_nobody_can_send(self) -> object:
        return Lock()

    def dies(self) -> None:
        os._exit(7)

    def counts(self, steps: int, until: Path) -> int:
        """Says how far it is, and goes on until there is a file."""
        self._steps = steps
        while not until.exists():
            time.sleep(0.01)
        self._steps = 0
        return steps

    def prints(self, said: bytes) -> int:
        """Writes to stdout as a C library does, and reads what stdin has."""
        os.read(0, 64)
        return os.write(1, said)

    def imported(self, name: str) -> bool:
        return name in sys.modules
