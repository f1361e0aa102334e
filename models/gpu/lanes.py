"""Streams of a device and its memory: pictures go up in one stream, are computed in another, and come down in a third.

Work in one stream waits for all that was put there before: with a single one for copies, the next picture would wait
behind a result that is not computed yet. On a CPU, there is nothing to wait for: what has been said has been done.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch import Tensor

from .graph import Compute, captured, no_failed_capture

if TYPE_CHECKING:
    from collections.abc import Iterator


class Mark(Protocol):
    """A point in a stream."""

    def synchronize(self) -> None:
        """Waits until the stream has come to it."""
        ...


class Lane(Protocol):
    """A stream."""

    def after(self, mark: Any = None) -> AbstractContextManager[None]:
        """Within it, work goes into this stream, behind `mark`, a `Mark` of the same device; memory that is
        taken is this stream's."""
        ...

    def mark(self) -> Mark | None:
        """The end of the work put into this stream so far; None where nobody needs to wait."""
        ...

    def uses(self, memory: Tensor) -> None:
        """Says that this stream, too, uses memory that another stream took: once freed, nobody gets it before the work
        put here until then is done."""
        ...

    def wait(self) -> None:
        """Waits for all that was put into it."""
        ...

    def seconds(self, work: Callable[[], object], repeats: int) -> float:
        """How long `work` takes in this stream, of `repeats` in a row; the caller is within `after`."""
        ...


@dataclass(frozen=True)
class Lanes:
    """A device's streams, and where memory comes from."""

    up: Lane
    work: Lane
    down: Lane
    here: Callable[[int], Tensor]
    """uint8 [bytes] of this machine's memory, page-locked where there is a GPU."""
    there: Callable[[int], Tensor]
    """uint8 [bytes] of the device's memory, taken by the stream that work goes into."""
    capture: Callable[[Compute, Sequence[Tensor]], Compute | None] | None = None
    """As `captured`; None where there are no graphs."""
    empty: Callable[[], None] = lambda: None
    """Gives memory that is kept but not used back to the device."""
    codecs: Lane = field(default_factory=lambda: AtOnce())
    """The stream that the device's decoders and encoders work in: CUDA's default one."""
    for_encoders: Callable[[int], Tensor] = lambda size: _empty(size)
    """As `there`, of memory that `empty` never gives back: an encoder knows a picture by its address, and would take
    what comes to lie there later for what lay there before."""

    @property
    def all(self) -> tuple[Lane, Lane, Lane]:
        return self.up, self.work, self.down


def lanes_of(device: torch.device) -> Lanes:
    """Fresh streams of a device."""
    if device.type != "cuda":
        lane = AtOnce()
        return Lanes(lane, lane, lane, _empty, _empty)
    up, work, down = (CudaLane(torch.cuda.Stream(device)) for _ in range(3))
    pool = torch.cuda.MemPool()

    def for_encoders(size: int) -> Tensor:
        with torch.cuda.use_mem_pool(pool, device):
            return torch.empty(size, dtype=torch.uint8, device=device)

    return Lanes(
        *(up, work, down),
        here=lambda size: torch.empty(size, dtype=torch.uint8, pin_memory=True),
        there=lambda size: torch.empty(size, dtype=torch.uint8, device=device),
        capture=captured,
        empty=_empty_cache,
        codecs=CudaLane(torch.cuda.default_stream(device)),
        for_encoders=for_encoders,
    )


def _empty(size: int) -> Tensor:
    return torch.empty(size, dtype=torch.uint8)


def _empty_cache() -> None:
    if no_failed_capture():  # after one, torch refuses, and ends with an assertion
        torch.cuda.empty_cache()


class AtOnce:
    """A `Lane` of a CPU."""

    def after(self, mark: Any = None) -> AbstractContextManager[None]:
        return nullcontext()

    def mark(self) -> None:
        return None

    def uses(self, memory: Tensor) -> None: ...

    def wait(self) -> None: ...

    def seconds(self, work: Callable[[], object], repeats: int) -> float:
        began = perf_counter()
        for _ in range(repeats):
            work()
        return (perf_counter() - began) / repeats


class CudaLane:
    """A `Lane` that is a CUDA stream."""

    def __init__(self, stream: torch.cuda.Stream) -> None:
        self._stream = stream

    @contextmanager
    def after(self, mark: "torch.cuda.Event | None" = None) -> "Iterator[None]":
        with torch.cuda.stream(self._stream):
            if mark is not None:
                self._stream.wait_event(mark)
            yield

    def mark(self) -> torch.cuda.Event:
        event = torch.cuda.Event(blocking=True)  # who waits for it sleeps, and leaves its core to codecs
        event.record(self._stream)
        return event

    def uses(self, memory: Tensor) -> None:
        memory.record_stream(self._stream)

    def wait(self) -> None:
        self._stream.synchronize()

    def seconds(self, work: Callable[[], object], repeats: int) -> float:
        began, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        began.record(self._stream)
        for _ in range(repeats):
            work()
        ended.record(self._stream)
        ended.synchronize()
        return began.elapsed_time(ended) / 1e3 / repeats
