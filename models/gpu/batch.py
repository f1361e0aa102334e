"""Pictures of one kind that travel to a GPU and back together, and each one's wait for its answer."""

from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any, Protocol

import numpy as np

from ..planes.plane_format import PlaneFormat
from .faults import in_words
from .lanes import Lanes, Mark
from .staging import Layout, Staging

Planes = Sequence[np.ndarray]


class Way(Protocol):
    """What batches travel by."""

    def set_off(self, batch: "Batch") -> None:
        """Sends a batch on its way."""
        ...

    def again(self, batch: "Batch") -> None:
        """Computes a batch once more, exactly."""
        ...

    def give_back(self, staging: Staging) -> None:
        """Takes memory that a batch no longer needs; nothing is under way in it."""
        ...


class Batch:
    """Pictures of one kind that travel together: of this machine's memory here, see also `device_batch.py`."""

    @staticmethod
    def dtype_of(planes: Sequence[Any]) -> np.dtype[Any]:
        """The type that a batch of pictures like this one has: uint8 or uint16."""
        return planes[0].dtype

    def __init__(self, way: Way, layout: Layout, made: Layout, fmt: PlaneFormat, staging: Staging) -> None:
        self._way, self.layout, self.made, self.fmt, self.staging = way, layout, made, fmt, staging
        self.size = layout.shapes[0][0]
        self.count = 0
        self.end: Future[Mark | None] | None = None
        self._collected: set[int] = set()
        self._as_numbers = False

    @property
    def full(self) -> bool:
        return self.count == self.size

    def takes(self, kind: "type[Batch]", shapes: tuple[tuple[int, ...], ...], fmt: PlaneFormat) -> bool:
        return type(self) is kind and self.fmt == fmt and tuple(shape[1:] for shape in self.layout.shapes) == shapes

    def put(self, planes: Sequence[Any]) -> int:
        """Copies a picture's planes; returns its place."""
        for here, plane in zip(self.layout.arrays(self.staging.given_here), planes, strict=True):
            np.copyto(here[self.count], plane)
        self.count += 1
        return self.count - 1

    def go_up(self, lanes: Lanes) -> None:
        """Puts the way up into its stream; the caller is within it."""
        size = self.layout.starts[-1]
        self.staging.given_there[:size].copy_(self.staging.given_here[:size], non_blocking=True)

    def come_down(self, lanes: Lanes) -> None:
        """Puts the way down into its stream; the caller is within it."""
        size = self.made.starts[-1]
        self.staging.made_here[:size].copy_(self.staging.made_there[:size], non_blocking=True)

    def collect(self, place: int) -> list[Any]:
        """A picture's planes; the memory goes back with the last one, whether they came or an error."""
        try:
            self.landed()
            if not self._as_numbers:
                self._check()
            return self._planes(place)
        finally:
            self._collected.add(place)
            if len(self._collected) == self.count:
                self._way.give_back(self.staging)

    def _planes(self, place: int) -> list[Any]:
        planes = [made for made in self.made.arrays(self.staging.made_here) if made.ndim == 3]
        return [plane[place].copy() for plane in planes]

    def fill(self) -> None:
        """Puts something in the places that no picture took."""
        for here in self.layout.arrays(self.staging.given_here):
            here[self.count :] = 0

    def landed(self) -> None:
        """Waits until all is here."""
        if self.end is None:
            self._way.set_off(self)
        assert self.end is not None
        end = self.end.result()
        if end is not None:
            with in_words("another frame"):
                end.synchronize()

    def _check(self) -> None:
        """Has the whole batch computed again where a picture did not come out as numbers: which pictures share a batch
        depends on their order alone, so another run does the same."""
        self._as_numbers = True
        *_, last = self.made.arrays(self.staging.made_here)
        if last.ndim == 1 and not last[: self.count].all():
            self._way.again(self)
            self.landed()


class Pending:
    """One picture on its way."""

    def __init__(self, batch: Batch, place: int) -> None:
        self._batch, self._place = batch, place
        self._made: list[Any] | None = None

    def result(self) -> list[Any]:
        """Waits for the picture's planes: new arrays, the same ones when asked again; tensors of a `DeviceBatch`.

        Raises:
            DeviceError: the GPU has not enough memory.
            GpuLost: the GPU has failed.
        """
        if self._made is None:
            self._made = self._batch.collect(self._place)
        return self._made
