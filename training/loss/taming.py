"""Taming: what a student may believe of a restoration teacher's answer.

A network that was trained to please invents: it pushes contrast, sets highlights into eyes and takes blocks for detail.
Its fine detail is kept, its low frequencies are replaced by those of a picture that can be trusted, and it may not go
beyond what that picture shows near by.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import maximum_filter, minimum_filter, uniform_filter

from ..errors import RecipeError


@dataclass(frozen=True)
class Taming:
    """Rules by which an answer is tamed.

    Raises:
        RecipeError: a side that is no odd number of pixels, or a negative share.
    """

    low_px: int = 9
    """Side of the mean that separates low frequencies from detail."""
    range_px: int = 5
    """Side of the neighbourhood whose darkest and brightest value bound the answer."""
    beyond: float = 0.0
    """How far it may go beyond them, as a share of their difference: where there is no original, the picture that can
    be trusted is the soft one, whose range is too narrow."""

    def __post_init__(self) -> None:
        for name in ("low_px", "range_px"):
            side = getattr(self, name)
            if not isinstance(side, int) or side < 1 or side % 2 == 0:
                raise RecipeError(f"The taming's {name} is {side!r}; it must be an odd number of pixels.")
        if self.beyond < 0:
            raise RecipeError(f"The taming's beyond is {self.beyond}; it must not be negative.")


def tamed(answer: np.ndarray, trusted: np.ndarray, taming: Taming) -> np.ndarray:
    """The answer's detail on the low frequencies of a picture that can be trusted, within its local range.

    Args:
        answer, trusted: luma, uint8 [H, W]; the original where there is one, else the soft picture.

    Returns:
        uint8 [H, W].
    """
    loud, calm = answer.astype(np.float32), trusted.astype(np.float32)
    moved = loud + uniform_filter(calm - loud, taming.low_px, mode="reflect")
    low, high = minimum_filter(calm, taming.range_px), maximum_filter(calm, taming.range_px)
    margin = taming.beyond * (high - low)
    return np.clip(moved + 0.5, np.maximum(low - margin, 0), np.minimum(high + margin, 255)).astype(np.uint8)
