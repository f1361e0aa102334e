"""Bars drawn into patches: hard, on the codec's grid, and the same in all pictures of a pair."""

import numpy as np
import pytest
import torch
from vidsharp.training.data.borders import GRID_PX, Border, draw_borders


@pytest.mark.parametrize("seed", range(40))
def test_bars_lie_on_the_grid_inside_the_patch_and_leave_some_of_it(seed: int) -> None:
    side = 96
    soft = torch.rand(1, side, side, generator=torch.Generator().manual_seed(seed))
    drawn = soft
    for border in draw_borders(np.random.default_rng(seed), side):
        assert 0 <= border.first < border.last <= side
        assert border.first % GRID_PX == 0
        drawn = border.drawn(drawn)
    assert drawn.shape == soft.shape
    assert 0 <= float(drawn.min()) <= float(drawn.max()) <= 1
    kept = (drawn == soft).float().mean()
    assert 0.1 < kept < 1


@pytest.mark.parametrize("rows", [True, False])
def test_a_flat_bar_changes_its_rows_alone(rows: bool) -> None:
    patch = torch.rand(1, 32, 32)
    before = patch.clone()
    drawn = Border(8, 16, rows, 0.25).drawn(patch)
    assert torch.equal(patch, before), "what was given stays as it is"
    assert bool((drawn == 0.25).sum(dim=-1 if rows else -2).eq(32).sum() == 8)
    outside = drawn.clone()
    (outside if rows else outside.mT)[:, 8:16] = (patch if rows else patch.mT)[:, 8:16]
    assert torch.equal(outside, patch)


@pytest.mark.parametrize("rows", [True, False])
def test_another_tile_is_the_patch_mirrored(rows: bool) -> None:
    patch = torch.rand(3, 32, 32)
    drawn = Border(4, 20, rows, None).drawn(patch)
    if rows:
        assert torch.equal(drawn[:, 4:20], patch.flip(-1)[:, 4:20])
    else:
        assert torch.equal(drawn[..., 4:20], patch.flip(-2)[..., 4:20])


@pytest.mark.parametrize("seed", range(8))
def test_coding_leaves_a_few_codes_beside_the_edge_and_none_elsewhere(seed: int) -> None:
    patch = torch.rand(1, 64, 64)
    border = Border(24, 40, True, 0.1)
    coded, drawn = border.coded(patch, np.random.default_rng(seed)), border.drawn(patch)
    assert float((coded - drawn).abs().max()) <= 8.01 / 255
    beside = [*range(20, 28), *range(36, 44)]
    elsewhere = [row for row in range(64) if row not in beside]
    assert torch.equal(coded[:, elsewhere], drawn[:, elsewhere])
    assert not torch.equal(coded, drawn)
