"""Planes as 4×4 cells, and filters of 9×9 taps on them: what the students that blend filters have in common.

On planes unshuffled by 4, each such filter is exactly one 3×3 convolution 16 → 16.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .blend_weights import FACTOR, PHASES, TAPS


def cells_with_rim(plane: Tensor) -> Tensor:
    """Float [N, 1, H, W] unshuffled to [N, 16, ⌈H/4⌉ + 2, ⌈W/4⌉ + 2], edges repeated, channels last."""
    below, right = -plane.shape[-2] % FACTOR, -plane.shape[-1] % FACTOR
    padded = F.pad(plane, (FACTOR, FACTOR + right, FACTOR, FACTOR + below), mode="replicate")
    return F.pixel_unshuffle(padded, FACTOR).contiguous(memory_format=torch.channels_last)


def cell_weights(filters: Tensor, index: Tensor) -> Tensor:
    """Filters [K, 9, 9], each less its mean, as weights [16·K, 16, 3, 3] of one convolution between unshuffled planes.

    Args:
        index: `tap_index()`.
    """
    flat = (filters - filters.mean(dim=(1, 2), keepdim=True)).flatten(1)
    taps = torch.cat([flat, flat.new_zeros(len(flat), 1)], dim=1)  # index 81: outside of the filter
    weights = taps[:, index.flatten()].reshape(len(flat) * PHASES, PHASES, 3, 3)
    return weights.contiguous(memory_format=torch.channels_last)


def tap_index() -> Tensor:
    """int64 [16, 16, 3, 3]: which tap of a 9×9 filter joins output phase, input phase and cell offset; 81 for none."""
    index = torch.full((PHASES, PHASES, 3, 3), TAPS * TAPS)
    for out in range(PHASES):
        for inp in range(PHASES):
            for cell in range(9):
                row = (cell // 3 - 1) * FACTOR + inp // FACTOR - out // FACTOR + FACTOR
                col = (cell % 3 - 1) * FACTOR + inp % FACTOR - out % FACTOR + FACTOR
                if 0 <= row < TAPS and 0 <= col < TAPS:
                    index[out, inp, cell // 3, cell % 3] = row * TAPS + col
    return index


def between_cells(weight: Tensor) -> Tensor:
    """A 1×1 convolution [O, 16, 1, 1] of cells that begin half a cell farther down and to the right, as weights
    [O, 16, 2, 2] of one over the cells as they are: each cell, those right of it and below, and the one between these.
    """
    wide = weight.new_zeros(len(weight), PHASES, 2, 2)
    for row in range(FACTOR):
        for column in range(FACTOR):
            (down, y), (across, x) = divmod(row + FACTOR // 2, FACTOR), divmod(column + FACTOR // 2, FACTOR)
            wide[:, FACTOR * y + x, down, across] = weight[:, FACTOR * row + column, 0, 0]
    return wide.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def start_as_cosines(spectrum: nn.Conv2d) -> None:
    """Sets a 1×1 convolution near the orthonormal 4×4 cosine transform (DCT-II) of each cell, halved."""
    n = torch.arange(FACTOR, dtype=torch.float32)
    waves = [torch.cos(math.pi * (n + 0.5) * k / FACTOR) * (0.5 if k == 0 else math.sqrt(0.5)) for k in range(FACTOR)]
    line = torch.stack(waves)
    spectrum.weight.mul_(0.1)
    spectrum.weight[:, :, 0, 0] += torch.einsum("ai,bj->abij", line, line).reshape(PHASES, PHASES) / 2
    spectrum.get_parameter("bias").zero_()


def first_filters(bands: int) -> Tensor:
    """float32 [K, 9, 9]: pixel minus Gaussians of growing width, the classic unsharp masks, to start from."""
    grid = torch.arange(TAPS, dtype=torch.float32) - FACTOR
    squared = grid[:, None] ** 2 + grid[None, :] ** 2
    filters = []
    for k in range(bands):
        sigma = 0.5 * 1.45**k
        blur = torch.exp(-squared / (2 * sigma * sigma))
        spike = torch.zeros(TAPS, TAPS)
        spike[FACTOR, FACTOR] = 1
        filters.append(spike - blur / blur.sum())
    return torch.stack(filters)
