"""How far a network looks and on which grid, measured: all that tiles and reuse have to know of one that says nothing.

Noise is exchanged behind an edge, and where the answer changes before the edge, the network sees across it. Both
answers are of one shape, so that what does not depend on the noise has the same bits.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..cpu.tiles import in_tiles

Forward = Callable[[Tensor], Tensor]

SIDES = (128, 384)
"""Edges of the pictures that are tried; in the larger one, one that looks farther shows how far."""
GRIDS = (1, 2, 4, 8, 16, 32, 64)
"""Steps that are tried: tiles, strips and reuse start at multiples of a power of two."""
WHOLE = 1 << 16
"""The reach of a network that sees all of the picture, or whose grid is none of these: larger than any picture."""
_NEAR = 1e-3
"""A part of what the network changes at most; the order of sums changes less, another grid more."""


@dataclass(frozen=True)
class Reach:
    """What a tile of a network's picture depends on."""

    halo_px: int
    """Pixels around a tile, a multiple of `align_px`; `WHOLE` where a tile is never the picture's part."""
    align_px: int
    """Tiles must start at multiples of this."""

    @property
    def whole_pictures(self) -> bool:
        """Whether only whole pictures can be computed."""
        return self.halo_px >= WHOLE


@torch.inference_mode()
def measured_reach(forward: Forward, channels: int) -> Reach:
    """The reach of a network.

    Args:
        forward: maps float32 [1, channels, H, W] in 0..1 to the same shape, of any H and W.
    """
    for side in SIDES:
        noise = torch.rand((4, 1, channels, side, side), generator=torch.Generator().manual_seed(0))
        answer = forward(noise[0])
        crossed = max(_crossed(forward, noise[0], answer, other) for other in noise[1:3])
        if crossed > side // 4:
            continue
        align = _grid(forward, noise[0], answer, crossed)
        if align is None:
            break
        # Measured from the edge of a cell; an edge within one is farther away by less than a cell.
        halo = crossed if align == 1 else crossed + -crossed % align + align
        if _tiles_exactly(forward, noise[3], halo, align):
            return Reach(halo, align)
        break
    return Reach(WHOLE, 1)


def _crossed(forward: Forward, picture: Tensor, answer: Tensor, other: Tensor) -> int:
    """How many pixels before an edge the answer changes where the picture becomes another one behind it."""
    side = picture.shape[-1]
    middle = side // 2
    before = torch.arange(side)
    most = 0
    for behind in (before >= middle, before < middle):
        corner = behind[:, None] | behind[None, :]
        changed = (forward(torch.where(corner, other, picture)) != answer).any(dim=1)[0]
        distance = (middle - before) if bool(behind[-1]) else (before - middle + 1)
        away = torch.minimum(distance[:, None], distance[None, :]).clamp_min(0)
        most = max(most, int((away * changed).max()))
    return most


def _grid(forward: Forward, picture: Tensor, answer: Tensor, crossed: int) -> int | None:
    """The smallest step by which a picture may be moved so that its answer moves along; None: none that is tried."""
    near = _NEAR * (answer - picture).abs().max().item() + 1e-6
    side = picture.shape[-1]
    for step in GRIDS:
        inner, rim = side - step, crossed + step
        if inner - 2 * rim < 8:
            return None
        moved = forward(picture[..., step:, step:])[..., rim : inner - rim, rim : inner - rim]
        if (moved - answer[..., step + rim : side - rim, step + rim : side - rim]).abs().max().item() <= near:
            return step
    return None


def _tiles_exactly(forward: Forward, picture: Tensor, halo: int, align: int) -> bool:
    """Whether a picture in tiles is the picture."""
    whole = forward(picture)
    near = _NEAR * (whole - picture).abs().max().item() + 1e-6
    edge = max(align, 32)
    tiled = in_tiles(forward, picture, halo=halo, align=align, tile=(edge, edge))
    return bool((tiled - whole).abs().max().item() <= near)
