"""A network on whole frames where a GPU's memory allows, and else on tiles that fit."""

from collections.abc import Callable

import torch
from torch import Tensor

from ..cpu.tiles import in_tiles, strip_of
from ..errors import DeviceError

SMALLEST_PIXELS = 1 << 16
"""Where not even a tile of so many pixels finds room, the GPU is full."""


class OomTiler:
    """Remembers how large a tile may be, once a larger one found no room."""

    def __init__(self, halo: int, align: int, pixels: int | None = None) -> None:
        """Args: halo, align: as `in_tiles` takes them; pixels: of output at a time to begin with, None: all."""
        self._halo, self._align = halo, align
        self.pixels = pixels

    def run(self, forward: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
        """forward(x): float32 [N, C, H, W].

        Raises:
            DeviceError: not even small tiles find room.
        """
        size, pictures = (x.shape[-2], x.shape[-1]), x.shape[0]
        whole = pictures * size[0] * size[1]
        while True:
            pixels = min(self.pixels or whole, whole)
            tile = size if pixels == whole else strip_of(size, self._halo, pixels // pictures)
            try:
                return in_tiles(forward, x, halo=self._halo, align=self._align, tile=tile)
            except torch.OutOfMemoryError:
                if x.is_cuda and torch.cuda.is_current_stream_capturing():
                    raise  # memory cannot be freed now; the caller does without the graph
            # Here, the error and all that it held on to is gone.
            if pixels <= SMALLEST_PIXELS:
                raise DeviceError(
                    f"The GPU has not enough free memory for a frame of {size[1]}x{size[0]}, not even in small parts; "
                    "end what else uses it, start fewer --workers, or use --device cpu."
                )
            self.pixels = pixels // 2
            if x.is_cuda:
                torch.cuda.empty_cache()
