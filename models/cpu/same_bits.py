"""The windows of a frame that get from a network the very bits that the frame gets: tried out, once for each shape.

In exact arithmetic all of them would. In float32 the last bit depends on the order in which a convolution sums, and
oneDNN chooses that by shape, instruction set and cache: most shapes agree, some do not, and which ones do differs
between processors. The order never depends on the numbers, so one try on noise, where another order shows at once,
settles a shape for good. What works on single elements rounds the same wherever an element lies.
"""

from collections.abc import Callable, Iterable

import torch
from torch import Tensor

Shape = tuple[int, int]
"""Height and width in pixels."""
_PERIOD = 256
"""The noise repeats after so many pixels, so that it needs no room for a frame."""


class SameBits:
    """Compares a network's answers for windows with its answers for the tiles that whole frames are computed in."""

    def __init__(
        self, forward: Callable[[Tensor], Tensor], channels: int, halo_px: int, tiles: Iterable[Shape]
    ) -> None:
        """Computes the tiles, and holds the answers.

        Args:
            forward: maps float [1, channels, H, W] to the same shape, each pixel from input within `halo_px`.
            tiles: shapes, in multiples of what the network aligns to.
        """
        self._forward, self._halo = forward, halo_px
        self._noise = torch.rand((1, channels, _PERIOD, _PERIOD), generator=torch.Generator().manual_seed(0))
        self._tiles = [(shape, self._answers(shape)) for shape in sorted(set(tiles))]
        self._known: dict[Shape, bool] = {}

    def hold_for(self, window: Shape) -> bool:
        """Whether windows of this shape get the frame's bits, but for a halo at inner edges."""
        if window not in self._known:
            mine = self._answers(window)
            self._known[window] = all(
                _agree(self._inner(window, shape), *answers)
                for shape, its in self._tiles
                for answers in ((mine[0], its[0]), (mine[1].flip(-1, -2), its[1].flip(-1, -2)))
            )
        return self._known[window]

    @torch.inference_mode()
    def _answers(self, shape: Shape) -> tuple[Tensor, Tensor]:
        """For noise that is the same from the first corner on, and for noise that is the same up to the last one."""
        periods = [-(-side // _PERIOD) for side in shape]
        field = self._noise.repeat(1, 1, *periods)
        first, last = field[..., : shape[0], : shape[1]], field[..., -shape[0] :, -shape[1] :]
        return self._forward(first), self._forward(last)

    def _inner(self, one: Shape, other: Shape) -> Shape:
        """How far from a common corner two windows must agree: both see the same there."""
        height, width = (min(a, b) - (self._halo if a != b else 0) for a, b in zip(one, other, strict=True))
        return height, width


def _agree(inner: Shape, one: Tensor, other: Tensor) -> bool:
    """Whether two answers are equal in the first rows and columns, and there are any."""
    height, width = inner
    return min(inner) > 0 and torch.equal(one[..., :height, :width], other[..., :height, :width])
