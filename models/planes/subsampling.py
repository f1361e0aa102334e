"""How planes of chroma lie on luma: told from their shapes."""

from collections.abc import Sequence

import numpy as np

from ..errors import ModelError
from .plane_format import PlaneFormat

Factors = tuple[int, int]
"""Luma samples for one of chroma, down and across, each 1, 2 or 4."""


def subsampling(luma: tuple[int, ...], chroma: tuple[int, ...]) -> Factors:
    """Luma samples for one of chroma, down and across, each 1, 2 or 4. Halves are rounded up, or down, as in the second
    field of a frame of 4:2:0 whose chroma has an odd number of rows: luma's last row has no chroma there.

    Raises:
        ModelError: the shapes fit none.
    """
    down, across = (_factors(*sides, up=True) + _factors(*sides, up=False) for sides in zip(luma, chroma, strict=True))
    if not (down and across):
        raise ModelError(f"Chroma planes of {tuple(chroma)} fit no subsampling of luma {tuple(luma)}.")
    return down[0], across[0]


def exact_factors(luma: tuple[int, ...], chroma: tuple[int, ...]) -> Factors | None:
    """As `subsampling`, but None where the halves are not rounded up."""
    down, across = (_factors(*sides, up=True) for sides in zip(luma, chroma, strict=True))
    return (down[0], across[0]) if down and across else None


def check_planes(planes: Sequence[np.ndarray], fmt: PlaneFormat) -> None:
    """Refuses [Y, Cb, Cr] that are none.

    Raises:
        ModelError: another dtype than the bit depth says, or Cb and Cr of two shapes.
    """
    wanted = np.dtype(np.uint8 if fmt.bit_depth == 8 else np.uint16)
    for plane in planes:
        if plane.dtype != wanted or plane.ndim != 2:
            raise ModelError(
                f"A plane of {plane.dtype} {plane.shape} was given; "
                f"{fmt.bit_depth} bits want {wanted} of two dimensions."
            )
    if planes[1].shape != planes[2].shape:
        raise ModelError(f"Cb of {planes[1].shape} and Cr of {planes[2].shape} were given; they must be of one shape.")


def _factors(luma: int, chroma: int, *, up: bool) -> list[int]:
    """Those that make so many samples of chroma of so many of luma."""
    return [factor for factor in (1, 2, 4) if (-(-luma // factor) if up else luma // factor) == chroma]
