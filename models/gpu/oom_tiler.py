"""A network on whole frames where a GPU's memory allows, and else on tiles that fit."""

from collections.abc import Callable

from torch import Tensor

from ..cpu.tiles import in_tiles, strip_of

SMALLEST_PIXELS = 1 << 16
"""Where not even a tile of so many pixels finds room, the GPU is full."""


class OomTiler:
    """Remembers how large a tile may be, once a larger one found no room."""

    def __init__(self, halo: int, align: int, pixels: int | None = None) -> None:
        """Args: halo, align: as `in_tiles` takes them; pixels: of output at a time to begin with, None: all."""
        self._halo, self._align = halo, align
        self.pixels = pixels
        self._last = 0

    def run(self, forward: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """forward(x): float32 [N, C, H, W]. Where that finds no room, `shrink` before another try."""
        size, pictures = (x.shape[-2], x.shape[-1]), x.shape[0]
        whole = pictures * size[0] * size[1]
        self._last = min(self.pixels or whole, whole)
        tile = size if self._last == whole else strip_of(size, self._halo, self._last // pictures)
        return in_tiles(forward, x, halo=self._halo, align=self._align, tile=tile)

    def shrink(self) -> bool:
        """Halves what is computed at a time; False where it is small already."""
        if self._last <= SMALLEST_PIXELS:
            return False
        self.pixels = self._last // 2
        return True
