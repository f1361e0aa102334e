"""Pictures through a GPU without waiting for each: one goes up while another is computed and a third comes down.

Small pictures go in batches, and what always has the same shape is launched as one graph. A batch that is not full is
filled up: its pictures get the same kernels, and so the same bits, as in a full one.

All that is asked of the GPU is asked by one thread, which lasts: libraries keep their plans and memory by thread. On a
CPU the same steps are done one after another; that is how they are tested where there is no GPU.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..errors import DeviceError
from ..planes.plane_format import PlaneFormat
from .batch import Batch, Pending, Planes
from .faults import NO_ROOM, fault_of, in_words
from .graph import Compute
from .lanes import Lanes, Mark
from .settings import GpuSettings
from .staging import Layout, Staging

DEPTH = 3
"""Batches in flight: one goes up, one is computed, one comes down."""
BATCH_PIXELS = 1 << 21
"""Of luma in a batch: one frame of 1080p, or several small ones."""
_MOST_PICTURES = 32
"""In a batch, where nothing else is said: a batch is computed whole, however few pictures are in it."""
_MOST_GRAPHS = 4
"""Each keeps memory of its own."""
_NO_MORE = object()

OnCodes = Callable[[Sequence[Tensor], PlaneFormat], list[Tensor]]


@dataclass(frozen=True)
class Computation:
    """What is computed of a batch, and what may be done where that does not go well."""

    run: OnCodes
    """Maps planes of codes, [N, H, W] each, uint8, or int16 with the bits of uint16, to planes like them: of `pictures`
    pictures to those of one. With `exactly`, another tensor follows, bool [N]: which pictures came out as numbers."""
    exactly: OnCodes | None = None
    """The planes of a batch of which one did not."""
    shrink: Callable[[], bool] = lambda: False
    """Has `run` need less memory at a time from now on; False where it cannot."""
    pictures: int = 1
    """So many are seen together."""


class OnGpu:
    """A function of planes, applied to pictures on a device. Used by one thread at a time."""

    def __init__(
        self, lanes: Lanes, computation: Computation, settings: GpuSettings, thread: Executor | None = None
    ) -> None:
        """Args:
        thread: asks the GPU for all that it does; None: one thread of its own.
        """
        self._computation, self._settings, self.lanes = computation, settings, lanes
        self.thread = thread or ThreadPoolExecutor(1, "gpu")
        self._free: list[Staging] = []
        self._open: Batch | None = None
        self._capture = lanes.capture if settings.graphs else None
        self._graphs: dict[tuple[Layout, PlaneFormat], Compute | None] = {}

    @property
    def batches(self) -> str:
        """How many pictures make a batch, in words."""
        return f"{self._settings.batch} pictures" if self._settings.batch else f"{BATCH_PIXELS} pixels"

    def batch_of(self, height: int, width: int) -> int:
        """The number of pictures of this size in a batch."""
        return self._settings.batch or min(_MOST_PICTURES, max(1, BATCH_PIXELS // max(1, height * width)))

    def ahead(self, height: int, width: int) -> int:
        """The number of pictures of this size that should be on their way for the GPU never to wait."""
        return DEPTH * self.batch_of(height, width)

    @property
    def graphs(self) -> int:
        """The number of graphs in use."""
        return sum(graph is not None for graph in self._graphs.values())

    def begin(self, planes: Sequence[Any], fmt: PlaneFormat, kind: type[Batch] = Batch) -> Pending:
        """Sends a picture on its way. It sets off when its batch is full, when a picture of another kind comes, or when
        its result is asked for.

        Args:
            planes: of all pictures that are seen together, one after the other: uint8 or uint16 [H, W] each, rows
                possibly padded; copied before this returns. What `kind` takes, where that is another.
            kind: what it travels in.

        Raises:
            DeviceError: the GPU has not enough memory.
            GpuLost: the GPU has failed.
        """
        shapes = tuple(tuple(plane.shape) for plane in planes)
        if self._open is not None and not self._open.takes(kind, shapes, fmt):
            self.set_off(self._open)
        if self._open is None:
            self._open = self._new_batch(planes, fmt, kind)
        batch = self._open
        place = batch.put(planes)
        if batch.full:
            self.set_off(batch)
        return Pending(batch, place)

    def forget(self) -> None:
        """Gives up the batch that has not set off: whoever began its pictures does not want them any more, and whoever
        comes next shall not share it."""
        self._open = None

    def seconds(self, planes: Planes, fmt: PlaneFormat, repeats: int) -> float:
        """How long the device computes a batch of one picture that lies there already, the mean of `repeats`."""
        batch = self._new_batch(planes, fmt)
        for _ in range(batch.size):
            batch.put(planes)
        self.set_off(batch)
        batch.landed()

        def timed() -> float:
            given = batch.layout.tensors(batch.staging.given_there)
            with torch.inference_mode(), self.lanes.work.after():
                compute = self._computing(batch, given)
                return self.lanes.work.seconds(lambda: compute(given), repeats)

        seconds = self.thread.submit(timed).result()
        self.give_back(batch.staging)
        return seconds

    def _new_batch(self, planes: Sequence[Any], fmt: PlaneFormat, kind: type[Batch] = Batch) -> Batch:
        size = self.batch_of(*planes[0].shape)
        layout = Layout(tuple((size, *plane.shape) for plane in planes), kind.dtype_of(planes))
        shapes = layout.shapes[: len(layout.shapes) // self._computation.pictures]
        numbers = () if self._computation.exactly is None else ((size,),)
        made = Layout((*shapes, *numbers), layout.dtype)
        staging = self._free.pop() if self._free else Staging()
        self.thread.submit(self._fit, staging, layout.starts[-1], made.starts[-1]).result()
        return kind(self, layout, made, fmt, staging)

    def _fit(self, staging: Staging, given: int, made: int) -> None:
        with in_words("another frame"):
            try:
                staging.fit(given, made, self.lanes)
            except RuntimeError as error:
                if fault_of(error) != "memory":
                    raise
            else:
                return
            next(self._reliefs())
            staging.fit(given, made, self.lanes)

    def set_off(self, batch: Batch) -> None:
        """Sends a batch on its way; places that no picture took are filled up."""
        if self._open is batch:
            self._open = None
        batch.fill()
        batch.end = self.thread.submit(self._send, batch)

    def again(self, batch: Batch) -> None:
        """Computes a batch once more, exactly."""
        batch.end = self.thread.submit(self._send, batch, exactly=True)

    def _send(self, batch: Batch, exactly: bool = False) -> Mark | None:
        """Puts a batch's way up, its work and its way down into the streams; what marks its end."""
        with in_words("another frame"):
            try:
                return self._in_streams(batch, exactly=exactly)
            except BaseException:
                self._stand_still()  # the batch's memory is used again
                raise

    def _in_streams(self, batch: Batch, *, exactly: bool) -> Mark | None:
        staging, lanes = batch.staging, self.lanes
        with torch.inference_mode():
            with lanes.up.after():
                batch.go_up(lanes)
            with lanes.work.after(lanes.up.mark()):
                given = batch.layout.tensors(staging.given_there)
                made = self._made(batch, given, exactly=exactly)
                for target, plane in zip(batch.made.tensors(staging.made_there), made, strict=False):
                    target.copy_(plane)
            with lanes.down.after(lanes.work.mark()):
                batch.come_down(lanes)
        return lanes.down.mark()

    def _stand_still(self) -> None:
        for lane in self.lanes.all:
            try:
                lane.wait()
            except RuntimeError as error:
                if fault_of(error) == "other":
                    raise

    def _made(self, batch: Batch, given: Sequence[Tensor], *, exactly: bool) -> list[Tensor]:
        """The answers for a batch.

        Raises:
            DeviceError: the GPU has not enough memory, whatever is done about it.
        """
        reliefs = self._reliefs()
        while True:
            try:
                if exactly and self._computation.exactly is not None:
                    return self._computation.exactly(given, batch.fmt)
                return self._computing(batch, given)(given)
            except RuntimeError as error:
                if fault_of(error) != "memory":
                    raise
            # Here, the error and all that it held on to is gone.
            if next(reliefs, _NO_MORE) is _NO_MORE:
                height, width = batch.layout.shapes[0][1:]
                raise DeviceError(
                    f"The GPU has not enough free memory for a frame of {width}x{height}, not even in small parts; "
                    f"{NO_ROOM}"
                )

    def _reliefs(self) -> Iterator[None]:
        """What may be done where memory ends, one thing at a time: graphs go, for good, and what is kept unused; then
        less and less is computed at a time."""
        if self._graphs:
            self.lanes.work.wait()  # a graph may be at work
            self._graphs.clear()
        self._capture = None
        self.lanes.empty()
        yield
        while self._computation.shrink():
            self.lanes.empty()
            yield

    def _computing(self, batch: Batch, given: Sequence[Tensor]) -> Compute:
        """How to compute a batch: as a graph where that can be."""
        fmt = batch.fmt  # a graph lasts, and must not hold on to a batch

        def eager(planes: Sequence[Tensor]) -> list[Tensor]:
            return self._computation.run(planes, fmt)

        if self._capture is None:
            return eager
        key = batch.layout, batch.fmt
        if key not in self._graphs:
            while len(self._graphs) >= _MOST_GRAPHS:
                self.lanes.work.wait()  # the graph may be at work
                del self._graphs[next(iter(self._graphs))]
            self._graphs[key] = self._capture(eager, given)
        return self._graphs[key] or eager

    def give_back(self, staging: Staging) -> None:
        """Memory that a batch no longer needs; nothing is under way in it."""
        self._free.append(staging)
