"""What people get to see of a frame: its planes as an RGB picture, and the place where two frames differ most."""

from collections.abc import Sequence

import numpy as np
import torch

from .colour import yuv_to_rgb
from .plane_format import PlaneFormat

_STEP_PX = 8
"""How finely places are tried."""


def rgb_picture(planes: Sequence[np.ndarray], fmt: PlaneFormat) -> np.ndarray:
    """Planes [Y] or [Y, U, V] of a frame as uint8 RGB [H, W, 3]; colours that RGB cannot show are clipped."""
    y, u, v = (_tensor(plane) for plane in planes) if len(planes) == 3 else (_tensor(planes[0]), None, None)
    rgb = yuv_to_rgb(
        y, u, v, matrix=fmt.matrix, full_range=fmt.full_range, bit_depth=fmt.bit_depth, chroma_left=fmt.chroma_left
    )
    return (rgb[0].clamp(0, 1) * 255 + 0.5).to(torch.uint8).permute(1, 2, 0).numpy()


def busiest(values: np.ndarray, height: int, width: int) -> tuple[int, int]:
    """(top, left) of the window, or as much of it as fits, with the largest sum of values [H, W]."""
    height, width = min(height, values.shape[0]), min(width, values.shape[1])
    sums = np.pad(values, ((1, 0), (1, 0))).astype(np.float64).cumsum(axis=0).cumsum(axis=1)
    totals = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    tried = totals[::_STEP_PX, ::_STEP_PX]
    row, column = divmod(int(tried.argmax()), tried.shape[1])
    return row * _STEP_PX, column * _STEP_PX


def _tensor(plane: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(plane.astype(np.int32))  # of uint16 torch knows little, and it warns of read-only arrays
