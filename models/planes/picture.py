"""A frame as people see it: its planes as an RGB picture, and the place where two frames differ most."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from .plane_format import PlaneFormat, quantisation, rgb_of

_STEP_PX = 8
"""How finely places are tried."""


def rgb_picture(planes: Sequence[np.ndarray], fmt: PlaneFormat) -> np.ndarray:
    """Planes [Y] or [Y, U, V] of a frame as uint8 RGB [H, W, 3]; colours that RGB cannot show are clipped.

    Subsampled chroma is taken to lie midway: it may be half a pixel off, which nobody sees.
    """
    black, luma_steps, chroma_steps = quantisation(fmt.full_range, fmt.bit_depth)
    luma = (planes[0].astype(np.float32) - black) / luma_steps
    if len(planes) == 3:
        cb, cr = ((_as_large(plane, luma.shape) - 2 ** (fmt.bit_depth - 1)) / chroma_steps for plane in planes[1:])
        rgb = np.stack(rgb_of(luma, cb, cr, fmt.matrix), axis=-1)
    else:
        rgb = luma[..., None].repeat(3, axis=-1)
    return (rgb.clip(0, 1) * 255 + 0.5).astype(np.uint8)


def busiest(values: np.ndarray, height: int, width: int, step: int = _STEP_PX) -> tuple[int, int]:
    """(top, left) of the window, or as much of it as fits, with the largest sum of values [H, W]; places are tried
    every `step` rows and columns."""
    height, width = min(height, values.shape[0]), min(width, values.shape[1])
    sums = np.pad(values, ((1, 0), (1, 0))).astype(np.float64).cumsum(axis=0).cumsum(axis=1)
    totals = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    tried = totals[::step, ::step]
    row, column = divmod(int(tried.argmax()), tried.shape[1])
    return row * step, column * step


def _as_large(plane: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    numbers = plane.astype(np.float32)
    if numbers.shape == shape:
        return numbers
    return np.asarray(Image.fromarray(numbers).resize((shape[1], shape[0]), Image.Resampling.BILINEAR))
