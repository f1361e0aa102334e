"""SIGINT and SIGTERM: the first one ends a command, more of them do not end its tidying up."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import NoReturn


class Terminated(KeyboardInterrupt):
    """SIGTERM, as a KeyboardInterrupt is SIGINT."""


_heard: type[KeyboardInterrupt] | None = None


@contextmanager
def heeding_interrupts() -> Iterator[None]:
    """The first SIGINT raises KeyboardInterrupt in the main thread, the first SIGTERM raises Terminated; later ones do
    nothing, also while the process ends.
    """
    global _heard
    heeded = [signal.SIGTERM]
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:  # as a shell has it in its background
        heeded.append(signal.SIGINT)

    def interrupt(number: int, _: FrameType | None) -> NoReturn:
        global _heard
        for each in heeded:
            signal.signal(each, signal.SIG_IGN)
        _heard = Terminated if number == signal.SIGTERM else KeyboardInterrupt
        raise _heard

    for each in heeded:
        signal.signal(each, interrupt)
    try:
        yield
    finally:
        _heard = None


def terminated(error: KeyboardInterrupt) -> bool:
    """Whether SIGTERM is behind it: while Ray's C++ part waits, it raises an exception of its own for any signal."""
    return isinstance(error, Terminated) or _heard is Terminated


def raise_if_interrupted() -> None:
    """For loops that go on for long, in each turn: the exception may have been raised where Python or a library in C
    swallows all of them (a finaliser, a look for an attribute), and no second signal would be heeded.

    Raises:
        KeyboardInterrupt, Terminated: a signal came to a command that heeds it.
    """
    if _heard:
        raise _heard
