"""Runs a network over tiles with a halo: the whole frame's result in bounded memory.

The same numbers go into every output pixel. Where a network's layers have at most 16 input channels, they give the same
bits, too; with more, oneDNN may sum them in another order for a tile of another size, which can change the last bit of
a float32. One frame size always makes the same tiles, so a frame's result never depends on what came before.
"""

from collections.abc import Callable

import torch
from torch import Tensor

STRIP_PIXELS = {"luma": 1 << 20, "rgb": 1 << 18}
"""Output pixels per strip and domain: the reference student needs some 600 bytes for each of its 64-channel layers."""


def in_tiles(forward: Callable[[Tensor], Tensor], x: Tensor, *, halo: int, align: int, tile: tuple[int, int]) -> Tensor:
    """forward(x), computed tile by tile.

    Args:
        forward: maps float [N, C, H, W] to the same shape; an output pixel depends on input within `halo` only, and a
            tile that starts at a multiple of `align` gives what the whole frame would. Where a network sees farther
            than `halo` (attention does), what it sees there is lost.
        tile: (rows, columns) of output at a time, rounded up to `align`.

    Returns:
        Float32 [N, C, H, W].
    """
    height, width = x.shape[-2:]
    rows, columns = (side + -side % align for side in tile)
    halo += -halo % align
    if height <= rows + halo and width <= columns + halo:
        return forward(x).float()
    out = torch.empty_like(x, dtype=torch.float32, memory_format=torch.contiguous_format)
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            y, z = max(top - halo, 0), max(left - halo, 0)
            part = forward(x[..., y : top + rows + halo, z : left + columns + halo])
            inner = part[..., top - y :, left - z :][..., :rows, :columns]
            place = out[..., top : top + rows, left : left + columns]
            place.copy_(inner[..., : place.shape[-2], : place.shape[-1]])
    return out


def strip_of(size: tuple[int, int], halo: int, pixels: int) -> tuple[int, int]:
    """The tile that is a strip: as wide as a frame of (height, width), of at most so many pixels or `2 · halo` rows."""
    return max(pixels // max(size[1], 1), 2 * halo, 1), size[1]
