"""A student at work on pictures in a row: the one way through which all pictures go, however they are computed.

What stands still is copied (`reuse.py`), pictures that a student sees together wait for each other (`neighbours.py`),
and a GPU has several in flight. What comes back is in order, and what `Enhancer.planes` makes of each picture's window,
to the last bit.
"""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..enhance import Enhancer, PendingFrame
from ..planes.plane_format import PlaneFormat
from .neighbours import Neighbours, Picture, Planes, Window
from .reuse import Reuse


@dataclass(frozen=True)
class Finished:
    """A picture and what became of it."""

    picture: Picture
    made: list[np.ndarray | None]
    """As `Enhancer.planes` gives it, but only lent: not to be written on, and valid until the session's next call."""


class Session:
    """A student on the pictures of one chunk, in order."""

    def __init__(self, enhancer: Enhancer, most_ahead: int | None = None, *, reuse: bool = True) -> None:
        """
        Args:
            most_ahead: pictures that may be in flight, where memory does not allow as many as the device wants.
            reuse: whether what did not change is copied; else every picture is computed as a whole.
        """
        self._enhancer, self._most_ahead = enhancer, most_ahead
        self._neighbours = Neighbours(enhancer.offsets, self._copies)
        self._reuse = Reuse(enhancer) if reuse else None
        self._flying: deque[tuple[Picture, PendingFrame]] = deque()

    @property
    def strength(self) -> float:
        """The enhancer's."""
        return self._enhancer.strength

    @property
    def share(self) -> float | None:
        """Share of what was computed that was copied from the picture before; None before the first one."""
        return None if self._reuse is None else self._reuse.share

    def push(self, picture: Picture) -> list[Finished]:
        """Takes the next picture and gives those that are finished, in order.

        A picture is written on by nobody until it comes back. Where a student sees single pictures and the device is a
        CPU, it comes back at once.

        Raises:
            ModelError, DeviceError: as `Enhancer.begin`.
        """
        return self._begin(self._neighbours.push(picture), last=False)

    def flush(self) -> list[Finished]:
        """The rest: there is no further picture.

        Raises:
            ModelError, DeviceError: as `Enhancer.begin`.
        """
        return self._begin(self._neighbours.flush(), last=True)

    def close(self) -> None:
        """Gives up the pictures that are still in flight, if any: after an error, say."""
        if self._flying:
            self._flying.clear()
            self._enhancer.forget()

    def _begin(self, whole: Iterable[tuple[Picture, Window | None]], *, last: bool) -> list[Finished]:
        ahead, finished = 0, []
        for picture, window in whole:
            self._flying.append((picture, self._later(picture, window)))
            ahead = self._ahead_of(picture.planes)
            finished += self._landed(ahead)
        return finished + self._landed(0) if last else finished

    def _copies(self, planes: Planes, fmt: PlaneFormat) -> Planes:
        return [plane.copy() for plane in self._enhancer.read(planes, fmt)]

    def _later(self, picture: Picture, window: Window | None) -> PendingFrame:
        if self._reuse is not None:
            return self._reuse.begin(picture.planes, picture.fmt, picture.sequence, window)
        seen = None if window is None else [kept.planes for kept in window]
        return self._enhancer.begin(picture.planes, picture.fmt, seen)

    def _ahead_of(self, planes: Planes) -> int:
        wanted = self._enhancer.ahead(*planes[0].shape) if planes else 0
        return wanted if self._most_ahead is None else min(wanted, self._most_ahead)

    def _landed(self, ahead: int) -> list[Finished]:
        """Waits for those in flight beyond `ahead`."""
        finished = []
        while len(self._flying) > ahead:
            picture, later = self._flying.popleft()
            finished.append(Finished(picture, later()))
        return finished
