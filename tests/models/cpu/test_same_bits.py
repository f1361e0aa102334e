"""Shapes whose sums have another order are found out, whatever the processor."""

import torch
import torch.nn.functional as F
from torch import Tensor
from vidsharp.models.cpu.same_bits import SameBits

KERNEL = torch.rand((1, 1, 3, 3), generator=torch.Generator().manual_seed(1))


def summed(x: Tensor, backwards: bool) -> Tensor:
    """A 3×3 filter, its taps added in one order or the other."""
    padded = F.pad(x, (1, 1, 1, 1))
    taps = [(row, column) for row in range(3) for column in range(3)]
    total = torch.zeros_like(x)
    for row, column in reversed(taps) if backwards else taps:
        total += KERNEL[0, 0, row, column] * padded[..., row : row + x.shape[-2], column : column + x.shape[-1]]
    return total


def test_one_order_for_all_shapes() -> None:
    same = SameBits(lambda x: summed(x, backwards=False), 1, 1, [(40, 300), (20, 300)])
    assert all(same.hold_for(shape) for shape in [(40, 300), (20, 300), (8, 8), (300, 40), (33, 299)])


def test_another_order_for_some_shapes() -> None:
    same = SameBits(lambda x: summed(x, backwards=x.shape[-1] == 64), 1, 1, [(40, 300), (20, 300)])
    assert [same.hold_for(shape) for shape in [(16, 64), (16, 63), (16, 65)]] == [False, True, True]


def test_tiles_that_disagree_have_no_windows() -> None:
    same = SameBits(lambda x: summed(x, backwards=x.shape[-2] == 20), 1, 1, [(40, 300), (20, 300)])
    assert not same.hold_for((16, 16))


def test_a_halo_that_is_too_small_shows() -> None:
    assert not SameBits(lambda x: summed(x, backwards=False), 1, 0, [(40, 300)]).hold_for((16, 16))


def test_each_shape_is_tried_once() -> None:
    calls = []

    def forward(x: Tensor) -> Tensor:
        calls.append(x.shape)
        return summed(x, backwards=False)

    same = SameBits(forward, 1, 1, [(40, 300)])
    assert [same.hold_for((16, 16)) for _ in range(3)] == [True] * 3
    assert len(calls) == 4, "two corners of the tile, two of the window"
