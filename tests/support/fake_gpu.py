"""A GPU that works late: what is asked of it is put into streams, and done in any order that their marks allow.

Its memory is this machine's, and is handed out by torch's rules: what is freed goes to whoever asks next in the same
stream, while work that was put into streams before may still be at it; a stream that said it uses the memory, too
(`record_stream`), is waited for. Freed memory is poisoned, and work that comes to memory that has gone to somebody else
is a fault.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils._pytree import tree_iter, tree_map_only
from vidsharp.models.gpu.graph import Compute
from vidsharp.models.gpu.lanes import Lanes

_ROOM = 512
"""Bytes that memory is rounded up to, as torch does."""
POISON = 0xA5


class Race(AssertionError):
    """Work came to memory that was no longer its own."""


@dataclass(eq=False)
class FakeMark:
    """A point in a stream."""

    gpu: "FakeGpu"
    reached: bool = False

    def synchronize(self) -> None:
        self.gpu.called()
        self.gpu.until(lambda: self.reached)


@dataclass(eq=False)
class _Block:
    """A piece of memory."""

    owner: "FakeLane"
    memory: np.ndarray
    tenancy: int = 0
    """How often it was given to somebody."""
    tenant: int = 0
    """The tenancy that its stream has come to; 0 where it is nobody's."""
    held_by: StorageWeakRef | None = None
    users: set["FakeLane"] = field(default_factory=set)
    leaving: list[FakeMark] = field(default_factory=list)
    """Where the streams that use it must come before it is given to somebody else."""

    def __post_init__(self) -> None:
        self.start = self.memory.ctypes.data

    def leave(self) -> None:
        self.memory.fill(POISON)
        self.tenant = 0


class FakeLane:
    """A stream."""

    def __init__(self, gpu: "FakeGpu", name: str) -> None:
        self.gpu, self.name = gpu, name
        self.queue: deque[tuple[str, Any]] = deque()

    def __repr__(self) -> str:
        return self.name

    @contextmanager
    def after(self, mark: FakeMark | None = None) -> Iterator[None]:
        if mark is not None:
            self.queue.append(("wait", mark))
        self.gpu.current.append(self)
        try:
            with _Late(self.gpu):
                yield
        finally:
            self.gpu.current.pop()

    def mark(self) -> FakeMark:
        self.gpu.called()
        return self.point()

    def point(self) -> FakeMark:
        mark = FakeMark(self.gpu)
        self.queue.append(("mark", mark))
        return mark

    def uses(self, memory: Tensor) -> None:
        block = self.gpu.block_of(memory)
        assert block is not None
        block.users.add(self)

    def wait(self) -> None:
        self.gpu.until(lambda: not self.queue)

    def seconds(self, work: Callable[[], object], repeats: int) -> float:
        for _ in range(repeats):
            work()
        self.wait()
        return 1.0

    @property
    def ready(self) -> bool:
        """Whether it can go on."""
        return bool(self.queue) and (self.queue[0][0] != "wait" or self.queue[0][1].reached)

    def step(self) -> None:
        what, about = self.queue.popleft()
        if what == "mark":
            about.reached = True
        elif what == "do":
            with _disable_current_modes():  # who waits may be within a stream: what is done now is no new work in it
                about()


class FakeGpu:
    """Streams, memory, and graphs, for one `OnGpu`.

    Args:
        random: decides which stream goes on, and when.
        room: bytes of memory; more is refused as torch refuses it.
    """

    def __init__(self, random: Random, room: int = 1 << 30) -> None:
        self._random, self._room = random, room
        self.current: list[FakeLane] = []
        self._slow: FakeLane | None = None
        names = ("up", "work", "down", "codecs")
        self.up, self.work, self.down, self.codecs = self.all = tuple(FakeLane(self, name) for name in names)
        self._taken: list[_Block] = []
        self._leaving: list[_Block] = []
        self._free: list[_Block] = []
        self.emptied = self.calls = 0
        self.failing: dict[int, Exception] = {}
        """Calls of CUDA that fail, by their number from 0 on."""

    @property
    def lanes(self) -> Lanes:
        return Lanes(
            self.up, self.work, self.down, self._here, self.there, self.captured, self._empty, self.codecs, self.there
        )

    @property
    def taken(self) -> int:
        """Bytes that somebody holds."""
        self._notice()
        return sum(block.memory.size for block in self._taken)

    def called(self) -> None:
        """Counts a call of CUDA.

        Raises:
            Exception: the one that is meant to fail.
        """
        self.calls += 1
        if self.calls - 1 in self.failing:
            raise copy(self.failing[self.calls - 1])  # else it would hold what was at hand where it was raised

    def until(self, done: Callable[[], bool]) -> None:
        """Lets streams go on, in any order."""
        while not done():
            ready = self._ready()
            assert ready, "every stream waits for another"
            self._random.choice([lane for lane in ready if lane is not self._slow] or ready).step()

    def go_on(self) -> None:
        """Lets streams go on for a while; one of them may lag behind for long."""
        if self._random.random() < 0.05:
            self._slow = self._random.choice([self.up, self.work, self.down, None])
        for _ in range(self._random.randrange(4)):
            if ready := [lane for lane in self._ready() if lane is not self._slow]:
                self._random.choice(ready).step()

    def _ready(self) -> list[FakeLane]:
        return [lane for lane in self.all if lane.ready]

    def there(self, size: int) -> Tensor:
        """Memory for the current stream: uint8 [size]."""
        self.called()
        self._notice()
        lane = self.current[-1]
        found = [block for block in self._free if block.owner is lane and block.memory.size >= size]
        if found:
            block = found[-1]
            self._free.remove(block)
        else:
            rounded = max(_ROOM, size + -size % _ROOM)
            if sum(block.memory.size for block in (*self._taken, *self._leaving, *self._free)) + rounded > self._room:
                raise torch.OutOfMemoryError(f"CUDA out of memory. Tried to allocate {size} bytes.")
            block = _Block(lane, np.full(rounded, POISON, np.uint8))
        block.tenancy += 1
        lane.queue.append(("do", partial(setattr, block, "tenant", block.tenancy)))
        whole = torch.from_numpy(block.memory)
        block.held_by = StorageWeakRef(whole.untyped_storage())
        self._taken.append(block)
        return whole[:size]

    def block_of(self, tensor: Tensor) -> _Block | None:
        """Where a tensor lies; None: in this machine's memory."""
        at = tensor.untyped_storage().data_ptr()
        for block in self._taken:
            if block.start <= at < block.start + block.memory.size:
                return block
        return None

    def put(self, work: Callable[[], None]) -> None:
        """Puts work into the current stream."""
        self.current[-1].queue.append(("do", work))

    def captured(self, compute: Compute, like: Sequence[Tensor]) -> Compute:
        """As the real one: the same tensors each time. A graph's memory goes with it at once, whoever is at work."""
        self.called()
        given = [torch.empty_like(tensor) for tensor in like]
        made = [torch.empty_like(tensor) for tensor in compute(given)]
        held = [block for tensor in (*given, *made) if (block := self.block_of(tensor)) is not None]

        class Replay:
            def __call__(self, planes: Sequence[Tensor]) -> list[Tensor]:
                for mine, plane in zip(given, planes, strict=True):
                    mine.copy_(plane)
                for target, plane in zip(made, compute(given), strict=True):
                    target.copy_(plane)
                return made

            def __del__(self) -> None:
                for block in held:
                    block.leave()

        return Replay()

    def _here(self, size: int) -> Tensor:
        self.called()
        return torch.zeros(size, dtype=torch.uint8)

    def _empty(self) -> None:
        self._notice()
        self.emptied += 1
        self._free.clear()

    def _notice(self) -> None:
        """Finds what nobody holds any more."""
        for block in [block for block in self._taken if block.held_by is not None and block.held_by.expired()]:
            self._taken.remove(block)
            block.leaving = [lane.point() for lane in block.users]
            block.users.clear()
            self._leaving.append(block)
        for block in [block for block in self._leaving if all(mark.reached for mark in block.leaving)]:
            self._leaving.remove(block)
            block.owner.queue.append(("do", block.leave))
            self._free.append(block)


class _Late(TorchDispatchMode):
    """Within it, what is done with a fake GPU's tensors is put into the current stream."""

    def __init__(self, gpu: FakeGpu) -> None:
        super().__init__()
        self._gpu = gpu

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        gpu, kwargs = self._gpu, kwargs or {}
        gpu._notice()
        gpu.go_on()
        given = [leaf for leaf in tree_iter((args, kwargs)) if isinstance(leaf, Tensor)]
        there = [gpu.block_of(tensor) is not None for tensor in given]
        if not any(there):
            return func(*args, **kwargs)
        if func is torch.ops.aten._local_scalar_dense.default:
            raise AssertionError("the GPU is waited for")
        if func._schema.is_mutable:
            if func is torch.ops.aten.copy_.default and not all(there):
                non_blocking = args[2] if len(args) > 2 else kwargs.get("non_blocking", False)
                assert non_blocking, "a copy waits for the GPU"
            gpu.called()
            gpu.put(self._later(func, args, kwargs, None))
            return args[0]
        made = func(*args, **kwargs)  # for its shape; the numbers are not there yet
        if not isinstance(made, Tensor) or gpu.block_of(made) is not None:
            return made  # another view of what is there
        memory = gpu.there(made.untyped_storage().nbytes())
        out = memory.view(made.dtype).as_strided(made.shape, made.stride())
        gpu.put(self._later(func, args, kwargs, out))
        return out

    def _later(self, func: Any, args: Any, kwargs: Any, out: Tensor | None) -> Callable[[], None]:
        """The work itself, on memory by its address: it holds none of the tensors."""
        gpu, blocks = self._gpu, []

        def by_address(tensor: Tensor) -> Tensor:
            block = gpu.block_of(tensor)
            if block is None:
                return tensor
            blocks.append((block, block.tenancy))
            start = tensor.storage_offset() * tensor.element_size()
            base = torch.from_numpy(block.memory)
            return base.view(tensor.dtype).as_strided(tensor.shape, tensor.stride(), start // tensor.element_size())

        args, kwargs = tree_map_only(Tensor, by_address, (args, kwargs))
        target = None if out is None else by_address(out)

        @torch.inference_mode()
        def work() -> None:
            for block, tenancy in blocks:
                if block.tenant != tenancy:
                    raise Race(f"{func} comes to memory that is not its own, or not yet")
            made = func(*args, **kwargs)
            if target is not None:
                target.copy_(made)

        return work


class AtOnce(Executor):
    """A thread that has always done already what it was asked for."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as error:
            future.set_exception(error)
        return future
