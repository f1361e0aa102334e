"""Detail of a picture: what 5×5 binomial smoothing takes away, and how much of an original's detail an output has.

Two figures that noise cannot raise together: the projection on the original's detail counts only what was there, and
the energy tells when contrast is piled up, or detail invented.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import correlate1d

TAPS = np.array([1, 4, 6, 4, 1], np.float32) / 16


@dataclass(frozen=True)
class Detail:
    """Sums over the pixels of one picture; ratios over several are made of their sums."""

    product: float
    """<L(out), L(sharp)>."""
    out: float
    """<L(out), L(out)>."""
    sharp: float
    """<L(sharp), L(sharp)>."""


def detail_band(luma: np.ndarray) -> np.ndarray:
    """L(x) = x − its 5×5 binomial blur (Burt & Adelson 1983, the finest level), mirrored at the border.

    Args:
        luma: codes [H, W] of any type.

    Returns:
        float32 [H, W].
    """
    x = luma.astype(np.float32)
    return x - correlate1d(correlate1d(x, TAPS, axis=0), TAPS, axis=1)


def detail(out: np.ndarray, sharp: np.ndarray) -> Detail:
    """The sums over two pictures' `detail_band`s, float32 [H, W] each."""
    return Detail(*(float(np.sum(a * b, dtype=np.float64)) for a, b in ((out, sharp), (out, out), (sharp, sharp))))
