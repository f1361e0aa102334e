"""Pictures through a GPU without waiting for each: one goes up while another is computed and a third comes down.

There is a stream for each of the three, since work in one stream waits for all that was put there before: with a
single one for copies, the next picture would wait behind a result that is not computed yet. Small pictures go in
batches, and what always has the same shape is launched as one graph.

On a CPU the same steps are done one after another; that is how they are tested where there is no GPU.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from ..errors import DeviceError
from ..nets.half import Precision
from ..planes.plane_format import PlaneFormat
from .graph import Compute, captured
from .staging import Layout, Staging

DEPTH = 3
"""Batches in flight: one goes up, one is computed, one comes down."""
BATCH_PIXELS = 1 << 21
"""Of luma in a batch: one frame of 1080p, or several small ones."""
_MOST_GRAPHS = 4
"""Each keeps memory of its own."""

Planes = Sequence[np.ndarray]


@dataclass(frozen=True)
class GpuSettings:
    """Settings of the way through a GPU; they have no effect on a CPU."""

    precision: Precision = "auto"
    batch: int | None = None
    """Pictures in a batch; None: as many as `BATCH_PIXELS` hold."""
    graphs: bool = True
    """Whether CUDA graphs may be used."""


class Pending:
    """One picture on its way."""

    def __init__(self, batch: "_Batch", place: int) -> None:
        self._batch, self._place = batch, place
        self._made: list[np.ndarray] | None = None

    def result(self) -> list[np.ndarray]:
        """Waits for the picture's planes: new arrays, the same ones when asked again.

        Raises:
            DeviceError: the GPU has not enough memory.
        """
        if self._made is None:
            self._made = self._batch.collect(self._place)
        return self._made


class OnGpu:
    """A function of planes, applied to pictures on a device. Used by one thread at a time."""

    def __init__(
        self,
        device: torch.device,
        compute: Callable[[Sequence[Tensor], PlaneFormat], list[Tensor]],
        settings: GpuSettings,
        capture: Callable[[Compute, Sequence[Tensor]], Compute | None] | None = None,
        pictures: int = 1,
    ) -> None:
        """Args:
        compute: maps planes of codes, [N, H, W] each, uint8, or int16 with the bits of uint16, to planes like them: of
            `pictures` pictures to those of one.
        capture: as `captured`, which None means on a GPU.
        pictures: so many are seen together.
        """
        self.pictures = pictures
        self._compute, self._settings = compute, settings
        self._up, self._work, self._down = (_Lane(device) for _ in range(3))
        self._device = device
        self._free: list[Staging] = []
        self._open: _Batch | None = None
        usable = captured if device.type == "cuda" else None
        self._capture = (capture or usable) if settings.graphs else None
        self._graphs: dict[tuple[Layout, PlaneFormat], Compute | None] = {}

    def batch_of(self, height: int, width: int) -> int:
        """The number of pictures of this size in a batch."""
        return self._settings.batch or max(1, BATCH_PIXELS // max(1, height * width))

    def ahead(self, height: int, width: int) -> int:
        """The number of pictures of this size that should be on their way for the GPU never to wait."""
        return DEPTH * self.batch_of(height, width)

    @property
    def graphs(self) -> int:
        """The number of graphs in use."""
        return sum(graph is not None for graph in self._graphs.values())

    def begin(self, planes: Planes, fmt: PlaneFormat) -> Pending:
        """Sends a picture on its way. It sets off when its batch is full, when a picture of another kind comes, or when
        its result is asked for.

        Args:
            planes: of all pictures that are seen together, one after the other: uint8 or uint16 [H, W] each, rows
                possibly padded; copied before this returns.

        Raises:
            DeviceError: the GPU has not enough memory.
        """
        shapes = tuple(plane.shape for plane in planes)
        if self._open is not None and not self._open.takes(shapes, fmt):
            self._open.set_off()
        if self._open is None:
            size = self.batch_of(*shapes[0])
            layout = Layout(tuple((size, *shape) for shape in shapes), planes[0].dtype)
            self._open = _Batch(self, layout, fmt, self._room_for(layout))
        batch = self._open
        place = batch.put(planes)
        if batch.full:
            batch.set_off()
        return Pending(batch, place)

    def computation(self, planes: Planes, fmt: PlaneFormat) -> Callable[[], None]:
        """The computation of a full batch of one picture that lies on the device already; to measure with."""
        size = self.batch_of(*planes[0].shape)
        layout = Layout(tuple((size, *plane.shape) for plane in planes), planes[0].dtype)
        batch = _Batch(self, layout, fmt, self._room_for(layout))
        for _ in range(size):
            batch.put(planes)
        batch.set_off()
        batch.collect(0)
        given = layout.tensors(batch.staging.given_there)

        def compute() -> None:
            with torch.inference_mode(), self._work.after(None):
                self._computing(batch, given)(given)

        return compute

    def _room_for(self, layout: Layout) -> Staging:
        staging = self._free.pop() if self._free else Staging(self._device)
        try:
            with self._work.after(None):
                staging.fit(layout, [lane.stream for lane in (self._up, self._work, self._down) if lane.stream])
        except torch.OutOfMemoryError:
            raise DeviceError(
                "The GPU has no room for another frame; end what else uses it, start fewer --workers, "
                "or use --device cpu."
            ) from None
        return staging

    def set_off(self, batch: "_Batch") -> "torch.cuda.Event | None":
        """Puts a batch's way up, its work and its way down into the streams; what marks its end."""
        if self._open is batch:
            self._open = None
        staging, layout, count = batch.staging, batch.layout, batch.count
        size = layout.starts[-1]
        with torch.inference_mode():
            with self._up.after(None):
                staging.given_there[:size].copy_(staging.given_here[:size], non_blocking=True)
            with self._work.after(self._up.mark()):
                given = [plane[:count] for plane in layout.tensors(staging.given_there)]
                made = self._computing(batch, given)(given)
                for target, plane in zip(batch.made.tensors(staging.made_there), made, strict=True):
                    target[:count].copy_(plane)
            size = batch.made.starts[-1]
            with self._down.after(self._work.mark()):
                staging.made_here[:size].copy_(staging.made_there[:size], non_blocking=True)
        return self._down.mark()

    def _computing(self, batch: "_Batch", given: Sequence[Tensor]) -> Compute:
        """How to compute a batch: as a graph where it is full, since a graph's shapes are fixed."""

        def eager(planes: Sequence[Tensor]) -> list[Tensor]:
            return self._compute(planes, batch.fmt)

        if self._capture is None or not batch.full:
            return eager
        key = batch.layout, batch.fmt
        if key not in self._graphs:
            while len(self._graphs) >= _MOST_GRAPHS:
                self._work.wait()  # the graph may be at work
                del self._graphs[next(iter(self._graphs))]
            self._graphs[key] = self._capture(eager, given)
        return self._graphs[key] or eager

    def give_back(self, staging: Staging) -> None:
        """Memory that a batch no longer needs."""
        self._free.append(staging)


class _Batch:
    """Pictures of one kind that travel together."""

    def __init__(self, gpu: OnGpu, layout: Layout, fmt: PlaneFormat, staging: Staging) -> None:
        self._gpu, self.layout, self.fmt, self.staging = gpu, layout, fmt, staging
        self.made = Layout(layout.shapes[: len(layout.shapes) // gpu.pictures], layout.dtype)
        """Of what comes back: the planes of one picture."""
        self._size = layout.shapes[0][0]
        self.count = 0
        self._collected = 0
        self._gone = False
        self._end: torch.cuda.Event | None = None

    @property
    def full(self) -> bool:
        return self.count == self._size

    def takes(self, shapes: tuple[tuple[int, ...], ...], fmt: PlaneFormat) -> bool:
        return self.fmt == fmt and tuple(shape[1:] for shape in self.layout.shapes) == shapes

    def put(self, planes: Planes) -> int:
        """Copies a picture's planes; returns its place."""
        for here, plane in zip(self.layout.arrays(self.staging.given_here), planes, strict=True):
            np.copyto(here[self.count], plane)
        self.count += 1
        return self.count - 1

    def set_off(self) -> None:
        self._end = self._gpu.set_off(self)
        self._gone = True

    def collect(self, place: int) -> list[np.ndarray]:
        if not self._gone:
            self.set_off()
        if self._end is not None:
            self._end.synchronize()
        made = [plane[place].copy() for plane in self.made.arrays(self.staging.made_here)]
        self._collected += 1
        if self._collected == self.count:
            self._gpu.give_back(self.staging)
        return made


class _Lane:
    """A CUDA stream; on a CPU, nothing: there, what has been said has been done."""

    def __init__(self, device: torch.device) -> None:
        self.stream = torch.cuda.Stream(device) if device.type == "cuda" else None

    @contextmanager
    def after(self, event: "torch.cuda.Event | None") -> Iterator[None]:
        """Within it, work goes into this stream, behind `event`."""
        if self.stream is None:
            yield
            return
        with torch.cuda.stream(self.stream):
            if event is not None:
                self.stream.wait_event(event)
            yield

    def mark(self) -> "torch.cuda.Event | None":
        """The event that ends the work put into this stream so far."""
        if self.stream is None:
            return None
        event = torch.cuda.Event(blocking=True)  # who waits for it sleeps, and leaves its core to codecs
        event.record(self.stream)
        return event

    def wait(self) -> None:
        if self.stream is not None:
            self.stream.synchronize()
