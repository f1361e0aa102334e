"""A student at work on pictures in a row that lie on its GPU: what `Session` is for those in this machine's memory.

Every picture is computed: to find out whether it is like the one before, the GPU would have to be waited for.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from torch import Tensor

from ..enhance import Enhancer
from ..planes.plane_format import PlaneFormat
from ..sequence.neighbours import Neighbours, Picture, Planes, Window


class DeviceSession:
    """A student on the pictures of one chunk, in order."""

    def __init__(self, enhancer: Enhancer, most_ahead: int | None = None) -> None:
        """
        Args:
            enhancer: its student works on a GPU.
            most_ahead: as of `Session`.
        """
        assert enhancer.gpu is not None
        self._enhancer, self._gpu, self._most_ahead = enhancer, enhancer.gpu, most_ahead
        self._neighbours = Neighbours(enhancer.offsets, lambda planes, _: self._seen(planes))
        self._flying: deque[tuple[Picture, Callable[[], list[Tensor]]]] = deque()

    def push(
        self, planes: Sequence[Tensor], fmt: PlaneFormat, about: Any, *, owned: bool
    ) -> list[tuple[Any, list[Tensor]]]:
        """Takes the next picture and gives those that are finished, in order: each with what it is about, and with its
        planes. Those that the student does not change are the picture's own.

        Args:
            planes: [Y, Cb, Cr] on the device, as `copied_out` gives them; they are not written on.
            owned: whether it comes back; if not, it is only seen by its neighbours.

        Raises:
            DeviceError, GpuLost: as `Enhancer.begin`.
        """
        if self._enhancer.strength == 0:
            return [(about, list(planes))] if owned else []
        return self._begin(self._neighbours.push(Picture(planes, fmt, owned=owned, about=about)), last=False)

    def flush(self) -> list[tuple[Any, list[Tensor]]]:
        """The rest: there is no further picture. Errors as of `push`."""
        return self._begin(self._neighbours.flush(), last=True)

    def close(self) -> None:
        """As `Session.close`."""
        if self._flying:
            self._flying.clear()
            self._enhancer.forget()

    def _seen(self, planes: Planes) -> Planes:
        """As `Enhancer.seen`: a decoder on the GPU gives no codes above the peak."""
        return planes[:1] if self._enhancer.domain == "luma" else planes[:3]

    def _begin(self, whole: Iterable[tuple[Picture, Window | None]], *, last: bool) -> list[tuple[Any, list[Tensor]]]:
        ahead, finished = 0, []
        for picture, window in whole:
            seen = [self._seen(picture.planes)] if window is None else [kept.planes for kept in window]
            self._flying.append((picture, self._gpu.begin_there(seen, picture.fmt)))
            height, width = picture.planes[0].shape
            wanted = self._enhancer.ahead(height, width)
            ahead = wanted if self._most_ahead is None else min(wanted, self._most_ahead)
            finished += self._landed(ahead)
        return finished + self._landed(0) if last else finished

    def _landed(self, ahead: int) -> list[tuple[Any, list[Tensor]]]:
        """Waits for those in flight beyond `ahead`."""
        finished = []
        while len(self._flying) > ahead:
            picture, later = self._flying.popleft()
            made = later()
            finished.append((picture.about, [*made, *picture.planes[len(made) :]]))
        return finished
