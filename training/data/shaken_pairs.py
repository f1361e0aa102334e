"""Pairs whose soft picture is the sharp one as a moved camera sees it (`camera_shake.py`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from torch import Tensor

from ...models.nets.protocol import Domain
from .camera_shake import MARGIN_PX, draw_shake
from .pair_set import PairSet, Window

SHAKEN = "shaken"
"""The level of such pairs."""


def shaken_patch(
    pairs: PairSet, index: int, domain: Domain, window: Window, rng: np.random.Generator
) -> tuple[Tensor, Tensor]:
    """As `PairSet.patch`, the soft picture in the window being the sharp one blurred, with what comes in from around.

    Raises:
        DataError: a picture cannot be read.
    """
    height, width = pairs.size(index)
    top, left = max(window.top - MARGIN_PX, 0), max(window.left - MARGIN_PX, 0)
    below = min(window.top + window.height + MARGIN_PX, height)
    right = min(window.left + window.width + MARGIN_PX, width)
    _, around = pairs.patch(index, domain, Window(top, left, below - top, right - left))
    seen = draw_shake(rng).exposed(around, rng)
    rows = slice(window.top - top, window.top - top + window.height)
    columns = slice(window.left - left, window.left - left + window.width)
    return window.turn(seen[:, rows, columns]), window.turn(around[:, rows, columns])


@dataclass(frozen=True)
class ShakenPairs:
    """As a `PairSet`, what a camera saw of another one, each picture shaken in a way of its own that stays the same."""

    pairs: PairSet

    @cached_property
    def filmed_ones(self) -> Sequence[int]:
        """Their numbers in the other set."""
        return [index for index in range(len(self.pairs.levels)) if self.pairs.filmed(index)]

    @property
    def levels(self) -> Sequence[str]:
        """`SHAKEN` for each."""
        return [SHAKEN] * len(self.filmed_ones)

    @property
    def sources(self) -> Sequence[str]:
        """As those of the other set."""
        return [self.pairs.sources[index] for index in self.filmed_ones]

    def size(self, index: int) -> tuple[int, int]:
        """As that of the other set."""
        return self.pairs.size(self.filmed_ones[index])

    def filmed(self, index: int) -> bool:
        """All are."""
        return True

    def patch(self, index: int, domain: Domain, window: Window) -> tuple[Tensor, Tensor]:
        """As `shaken_patch`."""
        return shaken_patch(self.pairs, self.filmed_ones[index], domain, window, np.random.default_rng(index))
