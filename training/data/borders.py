"""Hard edges as recorders and slides have them: black bars, gaps between tiles, flat panels, on the codec's grid.

Where such an edge lies on a block's border, a student that has only seen cameras takes it for an artefact of blocks
and smooths it. A codec keeps such an edge but for a few codes beside it, so it can be drawn after coding.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

GRID_PX = 4
"""Transform blocks of all codecs lie on it."""
_BLACK = (16 / 255, 40 / 255)
_MIRRORED = 0.3
_NEAR_PX = 4
_BLOCK_PX = 8
_TRACES = 8 / 255


@dataclass(frozen=True)
class Border:
    """A bar of a patch that shows something else: a flat luma, or its own picture mirrored, as another tile."""

    first: int
    last: int
    """Rows (or columns) first..last - 1."""
    rows: bool
    luma: float | None
    """In 0..1; None: the patch itself, mirrored along the bar."""

    def drawn(self, patch: Tensor) -> Tensor:
        """A patch [C, H, W] in 0..1 with this bar."""
        patch = patch.clone()
        view = patch if self.rows else patch.mT
        other = patch.flip(-1) if self.rows else patch.flip(-2).mT  # a copy
        view[:, self.first : self.last] = other[:, self.first : self.last] if self.luma is None else self.luma
        return patch

    def coded(self, patch: Tensor, rng: np.random.Generator) -> Tensor:
        """As `drawn`, with what coding leaves: some codes within four rows of an edge, along all of it or by block."""
        patch = self.drawn(patch)
        view = patch if self.rows else patch.mT
        side, most = view.shape[-1], rng.uniform(0, _TRACES)
        blocks = -(-side // _BLOCK_PX) if rng.random() < 0.5 else 1
        for edge in (self.first, self.last):
            for row in range(max(edge - _NEAR_PX, 0), min(edge + _NEAR_PX, view.shape[1])):
                trace = rng.uniform(-most, most, blocks) / (1 + abs(row + 0.5 - edge) / 2)
                codes = np.repeat(trace * 255, -(-side // blocks))[:side].round() / 255
                view[:, row] += torch.from_numpy(codes).to(view.dtype)
        return patch.clamp_(0, 1)


def draw_borders(rng: np.random.Generator, side: int) -> Sequence[Border]:
    """One to three bars of a patch of `side` pixels: at an edge of it, at two, or across it as between tiles."""
    most = max(side // GRID_PX // 2, 2)
    luma = None if rng.random() < _MIRRORED else _luma(rng)
    borders = []
    for rows in rng.permutation([True, False])[: 1 + int(rng.random() < 0.4)]:
        deep = GRID_PX * int(rng.integers(1, most))
        first = 0 if rng.random() < 0.5 else side // GRID_PX * GRID_PX - deep
        borders.append(Border(first, first + deep, bool(rows), luma))
    if rng.random() < 0.3:
        first = GRID_PX * int(rng.integers(1, most))
        borders.append(Border(first, first + 2 * int(rng.integers(1, 9)), bool(rng.integers(2)), _luma(rng)))
    return borders


def _luma(rng: np.random.Generator) -> float:
    """Mostly nearly black, as behind tiles; else anything, as slides and pages have it."""
    low, high = _BLACK if rng.random() < 0.5 else (0.0, 1.0)
    return round(float(rng.uniform(low, high)) * 255) / 255
