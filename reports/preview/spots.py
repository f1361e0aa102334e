"""The spots of a part that settings change most: where one should look first."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...models.planes.picture import busiest

BLOCK_PX = 8
"""Changes are summed in squares of so many pixels: finer places tell nobody more."""
SPOT_PX = (240, 176)
"""Width and height of a spot, whole blocks: doubled, three of them fit side by side on a screen."""


@dataclass(frozen=True)
class Spot:
    """A window in one picture, in pixels."""

    picture: int
    """Its number within the part."""
    top: int
    left: int
    height: int
    width: int

    def cut(self, picture: np.ndarray) -> np.ndarray:
        """The window of a picture [H, W, …]."""
        return picture[self.top : self.top + self.height, self.left : self.left + self.width]


class Changes:
    """How much the settings change, place by place, in the pictures that it is shown; all of one size."""

    def __init__(self) -> None:
        self._maps: dict[int, np.ndarray] = {}
        """By the picture's number: for each block, the sum of changes, float32."""
        self._size = (0, 0)

    def see(self, picture: int, before: np.ndarray, after: Sequence[np.ndarray]) -> None:
        """Takes a picture's luma [H, W], uint8, as it was and as each setting made it; of several, the larger change
        counts."""
        self._size = before.shape[0], before.shape[1]
        moved = [np.abs(made.astype(np.int16) - before) for made in after]
        most = np.max(moved, axis=0).astype(np.float32)
        rows, columns = (np.arange(0, side, BLOCK_PX) for side in self._size)
        self._maps[picture] = np.add.reduceat(np.add.reduceat(most, rows, axis=0), columns, axis=1)

    def spots(self, count: int) -> list[Spot]:
        """Up to so many spots, those of the largest change first. None of them overlap, even in different pictures: a
        second look at the same place tells nothing new."""
        left = {picture: blocks.copy() for picture, blocks in self._maps.items()}
        found: list[Spot] = []
        while left and len(found) < count:
            best = max(left, key=lambda picture: self._most(left[picture]))
            spot = self._spot(best, left[best], SPOT_PX)
            if not self._sum(left[best], spot) > 0:
                break
            found.append(spot)
            for blocks in left.values():
                # Every window that would touch it is lowered by what it shares.
                blocks[self._blocks(spot)] = -np.abs(blocks).sum() - 1
        return found

    def window(self, width: int, height: int) -> Spot:
        """The window, at most so large, in which most changes in all pictures together."""
        return self._spot(0, np.sum([*self._maps.values()], axis=0), (width, height))

    def _spot(self, picture: int, blocks: np.ndarray, size: tuple[int, int]) -> Spot:
        width, height = min(size[0], self._size[1]), min(size[1], self._size[0])
        row, column = busiest(blocks, -(-height // BLOCK_PX), -(-width // BLOCK_PX), step=1)
        # The last block of a row or column may be a narrow one.
        top, left = min(row * BLOCK_PX, self._size[0] - height), min(column * BLOCK_PX, self._size[1] - width)
        return Spot(picture, top, left, height, width)

    def _most(self, blocks: np.ndarray) -> float:
        return self._sum(blocks, self._spot(0, blocks, SPOT_PX))

    def _sum(self, blocks: np.ndarray, spot: Spot) -> float:
        return float(blocks[self._blocks(spot)].sum())

    def _blocks(self, spot: Spot) -> tuple[slice, slice]:
        rows = slice(spot.top // BLOCK_PX, -(-(spot.top + spot.height) // BLOCK_PX))
        return rows, slice(spot.left // BLOCK_PX, -(-(spot.left + spot.width) // BLOCK_PX))
