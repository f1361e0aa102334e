"""Stages that work at the same time: each runs ahead of the next, in its own thread, by a bounded number of items."""

import threading
from collections.abc import Iterable, Iterator
from queue import Empty, Full, Queue
from time import perf_counter
from typing import TypeVar

T = TypeVar("T")

_POLL_S = 0.1
"""How soon a producer notices that nobody wants its items any more."""


class Stopwatch:
    """Adds up the seconds spent inside `with` blocks and inside the iterators that it times."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self._since = 0.0

    def __enter__(self) -> None:
        self._since = perf_counter()

    def __exit__(self, *_: object) -> None:
        self.seconds += perf_counter() - self._since

    def timing(self, items: Iterable[T]) -> Iterator[T]:
        """Yields `items`, counting the time that each takes to come."""
        iterator = iter(items)
        try:
            while True:
                with self:
                    try:
                        item = next(iterator)
                    except StopIteration:
                        return
                yield item
        finally:
            if hasattr(iterator, "close"):
                iterator.close()  # type: ignore[attr-defined]


class _End:
    """The last thing in a queue: how the producer ended."""

    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def run_ahead(items: Iterable[T], depth: int) -> Iterator[T]:
    """Yields `items`, produced by a thread that runs at most `depth` items ahead.

    An error of the producer is raised here. Closing this iterator stops the producer and closes `items` in its thread
    before it returns, so that nothing is left running.
    """
    queue: Queue[T | _End] = Queue(maxsize=depth)
    stop = threading.Event()

    def put(item: T | _End) -> bool:
        while not stop.is_set():
            try:
                queue.put(item, timeout=_POLL_S)
            except Full:
                continue
            return True
        return False

    def produce() -> None:
        iterator = iter(items)
        error: BaseException | None = None
        try:
            for item in iterator:
                if not put(item):
                    break
        except BaseException as caught:  # handed to the consumer, whatever it is
            error = caught
        finally:
            if hasattr(iterator, "close"):
                iterator.close()  # type: ignore[attr-defined]
            put(_End(error))

    thread = threading.Thread(target=produce, daemon=True)
    thread.start()
    try:
        while True:
            item = queue.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        stop.set()
        while thread.is_alive():
            try:
                queue.get_nowait()  # drops what nobody wants, and its memory
            except Empty:
                thread.join(_POLL_S / 10)
