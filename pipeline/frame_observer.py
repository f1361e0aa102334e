"""An observer of a chunk's pictures while they are made: the pipeline shows them, and does not know what for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:  # not needed to name an observer, and long to import
    import numpy as np


class FrameObserver(Protocol):
    """Sees pictures before and after the student, in the process that has them: one observer for each attempt."""

    def wants(self, number: int) -> bool:
        """Whether to be shown the chunk's picture `number`, counted from 0."""
        ...

    def see(self, number: int, pts: int | None, before: "Sequence[np.ndarray]", after: "Sequence[np.ndarray]") -> None:
        """Is shown a picture's planes. `before` may be kept; `after` is written on once this returns."""
        ...

    def close(self) -> None:
        """Is told that nothing more comes."""
        ...

    def figures(self) -> tuple[Mapping[str, Any], ...]:
        """Figures that it noted, for the chunk's record."""
        ...

    def keep(self, path: Path) -> None:
        """Writes what else it wants to keep, if anything, to a file at `path`."""
        ...


class NoObserver:
    """Wants to see nothing."""

    def wants(self, number: int) -> bool:
        return False

    def see(
        self, number: int, pts: int | None, before: "Sequence[np.ndarray]", after: "Sequence[np.ndarray]"
    ) -> None: ...
    def close(self) -> None: ...
    def figures(self) -> tuple[Mapping[str, Any], ...]:
        return ()

    def keep(self, path: Path) -> None: ...
