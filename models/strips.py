"""Runs a network over horizontal strips with a halo: the whole frame's result in bounded memory.

The same numbers go into every output pixel. `fast` gives the same bits; `reference` may differ in the last bit of a
float32, since oneDNN may sum its 128 channels in another order for another size. One frame size always makes the same
strips, so a frame's result never depends on what came before.
"""

from collections.abc import Callable

import torch
from torch import Tensor

STRIP_PIXELS = {"luma": 1 << 20, "rgb": 1 << 18}
"""Output pixels per strip and domain: the reference student needs some 600 bytes for each of its 64-channel layers."""


def in_strips(forward: Callable[[Tensor], Tensor], x: Tensor, *, halo: int, align: int, strip_pixels: int) -> Tensor:
    """forward(x), computed strip by strip.

    Args:
        forward: maps float [N, C, H, W] to the same shape; an output pixel depends on input within `halo` only, and a
            strip that starts at a multiple of `align` gives what the whole frame would.
        strip_pixels: output pixels per strip; a strip has at least `2 · halo` rows.

    Returns:
        Float32 [N, C, H, W].
    """
    height, width = x.shape[-2:]
    rows = max(strip_pixels // max(width, 1), 2 * halo)
    rows += -rows % align
    halo += -halo % align
    if height <= rows + halo:
        return forward(x).float()
    out = torch.empty_like(x, dtype=torch.float32, memory_format=torch.contiguous_format)
    for top in range(0, height, rows):
        first, last = max(top - halo, 0), min(top + rows + halo, height)
        strip = forward(x[..., first:last, :])
        out[..., top : top + rows, :] = strip[..., top - first : top - first + min(rows, height - top), :]
    return out
