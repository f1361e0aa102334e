"""Windows over time: each picture with those before and after it that its student sees.

A window repeats the nearest picture where a run of pictures begins or ends: at the recording's first and last picture,
and where whole frames and fields, sizes or formats take turns. Which pictures a window has is decided by those around
it alone, so that a chunk that is given enough of its neighbours has the windows of the whole recording. A scene cut is
nothing special: what the student makes of it is the student's.
"""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from weakref import ref

import numpy as np

from ..nets.protocol import context_of
from ..planes.plane_format import PlaneFormat
from .changes import Grid, changed_cells

Planes = Sequence[Any]
"""Arrays, or what a session has in their place: of pictures that never leave a GPU, tensors."""

FRAMES = 0
"""The sequence of whole frames; all others are of fields."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One picture on its way through a session."""

    planes: Planes
    """[Y] or [Y, U, V] (an alpha plane may follow), as `Enhancer.planes` takes them."""
    fmt: PlaneFormat
    sequence: int = FRAMES
    """Which sequence of pictures it is the next of: whole frames, or one of the two fields of interlaced ones."""
    owned: bool = True
    """Whether its result is wanted; if not, it is only there for its neighbours' windows, and never comes back."""
    about: Any = None
    """What its owner wants to find again."""


class Kept:
    """The planes of a picture that the student sees, with what changed in them since an earlier picture."""

    def __init__(self, planes: Planes) -> None:
        self.planes = planes
        self._since: ref[Kept] | None = None
        self._changed: dict[int, Grid] = {}

    def changed_since(self, earlier: "Kept", every: int) -> Grid:
        """As `changed_cells`; pictures in a row are in several windows, and compared once."""
        if self._since is None or self._since() is not earlier:
            self._since, self._changed = ref(earlier), {}
        if every not in self._changed:
            self._changed[every] = changed_cells(earlier.planes, self.planes, every)
        return self._changed[every]

    def equals(self, earlier: "Kept") -> bool:
        """Whether all samples are the same."""
        return all(map(np.array_equal, earlier.planes, self.planes))


Window = Sequence[Kept]
"""The pictures that a student sees together, in the order of its offsets."""


@dataclass(eq=False)
class _Run:
    """Pictures in a row, of one sequence, size and format; those that no window needs any more are forgotten."""

    kind: tuple[object, ...]
    kept: deque[Kept] = field(default_factory=deque)
    first: int = 0
    """The place of the first one kept."""
    ended: bool = False

    @property
    def last(self) -> int:
        return self.first + len(self.kept) - 1

    def window(self, place: int, offsets: Sequence[int]) -> Window:
        places = (min(max(place + offset, self.first), self.last) for offset in offsets)
        return tuple(self.kept[at - self.first] for at in places)

    def forget_before(self, place: int) -> None:
        while self.first < place:
            self.kept.popleft()
            self.first += 1


class Neighbours:
    """Gives pictures back in order, each with its window, as soon as that is whole."""

    def __init__(self, offsets: Sequence[int], keep: Callable[[Planes, PlaneFormat], Planes]) -> None:
        """
        Args:
            offsets: of the pictures in a window, in pictures.
            keep: gives those of a picture's planes that the student sees, in memory that nobody writes on.
        """
        self._offsets, self._keep = offsets, keep
        self._alone = tuple(offsets) == (0,)
        self._before, self._after = context_of(offsets)
        self._runs: dict[int, _Run] = {}
        self._waiting: deque[tuple[Picture, _Run, int]] = deque()

    def push(self, picture: Picture) -> list[tuple[Picture, Window | None]]:
        """Takes the next picture; keeps what later windows need of it, nothing where they need nothing.

        Returns:
            The owned pictures whose windows are whole now, each with its window; with None where it is seen alone.
        """
        if self._alone:
            return [(picture, None)] if picture.owned else []
        run = self._run_of(picture)
        run.kept.append(Kept(self._keep(picture.planes, picture.fmt)))
        self._waiting.append((picture, run, run.last))
        return self._whole()

    def flush(self) -> list[tuple[Picture, Window | None]]:
        """The rest, as `push` gives it: there is no further picture."""
        for run in self._runs.values():
            run.ended = True
        self._runs.clear()
        return self._whole()

    def _run_of(self, picture: Picture) -> _Run:
        kind = (picture.fmt, *((plane.shape, plane.dtype) for plane in picture.planes))
        for sequence, run in list(self._runs.items()):
            turned = (sequence == FRAMES) != (picture.sequence == FRAMES)
            if turned or (sequence == picture.sequence and run.kind != kind):
                run.ended = True
                del self._runs[sequence]
        return self._runs.setdefault(picture.sequence, _Run(kind))

    def _whole(self) -> list[tuple[Picture, Window | None]]:
        whole: list[tuple[Picture, Window | None]] = []
        while self._waiting:
            picture, run, place = self._waiting[0]
            if not run.ended and run.last < place + self._after:
                break
            self._waiting.popleft()
            if picture.owned:
                whole.append((picture, run.window(place, self._offsets)))
            run.forget_before(min(place + 1 - self._before, run.last))
        return whole
