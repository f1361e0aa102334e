"""Runs a network over tiles with a halo: the whole frame's result in bounded memory.

The same numbers go into every output pixel. Where a network's layers have at most 16 input channels, they give the same
bits, too; with more, oneDNN may sum them in another order for a tile of another size, which can change the last bit of
a float32. One frame size always makes the same tiles, so a frame's result never depends on what came before.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

STRIP_PIXELS = {"luma": 1 << 20, "rgb": 1 << 18}
"""Output pixels per strip and domain: the reference student needs some 600 bytes for each of its 64-channel layers."""

WIDEST_RGB = 480
"""Columns of an RGB tile, without its halo: for windows wider than 512 (AMD) or about 1,024 (Intel), oneDNN on AVX2
sums the transposed convolution in an order of its own, and then no smaller piece of the frame gets the same bits (see
`same_bits.py`)."""


class Tile(NamedTuple):
    """A tile's place in the output, and the window of input, tile and halo, that it is computed from; in pixels."""

    top: int
    left: int
    bottom: int
    right: int
    window: tuple[slice, slice]


def tiles_of(size: tuple[int, int], *, halo: int, align: int, tile: tuple[int, int], grid: int = 1) -> Iterator[Tile]:
    """The tiles that `in_tiles` cuts a frame of (height, width) into."""
    height, width = size
    step = max(align, grid)
    rows, columns = (side + -side % step for side in tile)
    halo += -halo % step
    if height <= rows + halo and width <= columns + halo:
        yield Tile(0, 0, height, width, (slice(0, height), slice(0, width)))
        return
    for top in range(0, height, rows):
        for left in range(0, width, columns):
            bottom, right = min(top + rows, height), min(left + columns, width)
            down, across = (
                _window(first, end, side + -side % align, step)
                for first, end, side in (
                    (top - halo, top + rows + halo, height),
                    (left - halo, left + columns + halo, width),
                )
            )
            yield Tile(top, left, bottom, right, (down, across))


def _window(first: int, end: int, whole: int, step: int) -> slice:
    """From..to within a side; where it ends with the side, it begins earlier, to be a multiple of `step` long."""
    first, end = max(first, 0), min(end, whole)
    return slice(max(first - (-(end - first) % step), 0), end)


def in_tiles(
    forward: Callable[[Tensor], Tensor], x: Tensor, *, halo: int, align: int, tile: tuple[int, int], grid: int = 1
) -> Tensor:
    """forward(x), computed tile by tile.

    Args:
        forward: maps float [N, C, H, W] to float [N, D, H, W]; an output pixel depends on input within `halo` only, and
            a tile that starts at a multiple of `align` gives what the whole frame would. Where a network sees farther
            than `halo` (attention does), what it sees there is lost.
        tile: (rows, columns) of output at a time, rounded up to `align` and `grid`.
        grid: the sides of what `forward` gets are multiples of this, but where the frame is smaller; a power of two,
            as `align` is.

    Returns:
        Float32 [N, D, H, W].
    """
    tiles = list(tiles_of((x.shape[-2], x.shape[-1]), halo=halo, align=align, tile=tile, grid=grid))
    if len(tiles) == 1:
        return forward(x).float()
    out: Tensor | None = None
    for place in tiles:
        down, across = place.window
        made = forward(x[..., down, across])[..., place.top - down.start :, place.left - across.start :]
        if out is None:
            out = x.new_empty((x.shape[0], made.shape[1], *x.shape[2:]), dtype=torch.float32)
        target = out[..., place.top : place.bottom, place.left : place.right]
        target.copy_(made[..., : target.shape[-2], : target.shape[-1]])
    assert out is not None, "there is a tile at least"
    return out


def strip_of(size: tuple[int, int], halo: int, pixels: int, widest: int | None = None) -> tuple[int, int]:
    """The tile that is a strip: of at most so many pixels or `2 · halo` rows.

    Args:
        size: height and width of the frame.
        widest: a strip is as wide as the frame, or where that is more than this, an even part of it.
    """
    width = max(size[1], 1)
    columns = -(-width // -(-width // (widest or width)))
    return max(pixels // columns, 2 * halo, 1), columns
