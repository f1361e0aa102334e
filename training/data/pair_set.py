"""The interface of every set of training pairs, whatever it lies in: the trainer draws windows, a set cuts them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from torch import Tensor

from ...models.nets.protocol import Domain

Split = Literal["train", "val"]


@dataclass(frozen=True)
class Window:
    """A part of a picture, and how it is turned after it was cut out."""

    top: int
    left: int
    height: int
    width: int
    mirrored: bool = False
    """Left and right change places."""
    upended: bool = False
    """Top and bottom change places."""
    transposed: bool = False
    """Rows become columns, last of all."""

    def turn(self, cut: Tensor) -> Tensor:
        """Turns what was cut, [..., height, width]."""
        axes = [axis for axis, wanted in ((-1, self.mirrored), (-2, self.upended)) if wanted]
        cut = cut.flip(axes) if axes else cut
        return cut.mT if self.transposed else cut


class PairSet(Protocol):
    """Pairs of soft and sharp pictures, numbered from 0."""

    @property
    def levels(self) -> Sequence[str]:
        """The origin of each pair's soft picture: `light`, `sharp`, `blur` …"""
        ...

    @property
    def sources(self) -> Sequence[str]:
        """The clip, photo or sequence that each pair shows; a source lies in one split only."""
        ...

    def size(self, index: int) -> tuple[int, int]:
        """(height, width) of a pair in pixels."""
        ...

    def filmed(self, index: int) -> bool:
        """Whether a camera saw what a pair shows: a screen's pictures are drawn, and no hand shakes them."""
        ...

    def patch(self, index: int, domain: Domain, window: Window) -> tuple[Tensor, Tensor]:
        """(soft, sharp) in a window: float32 [1 or 3, height, width] in 0..1 (luma as code / 255, or RGB), turned.

        Raises:
            DataError: a picture cannot be read.
        """
        ...
