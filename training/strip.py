"""Crops of one picture beside each other: the sharp original, the input, and what each method made of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from ..models.colour import yuv_to_rgb
from ..models.enhance import PlaneFormat
from .evaluation_pictures import Planes, Position
from .methods import IDENTITY

SIDE_PX = 256
_STEP_PX = 8
"""How finely places are tried."""


@dataclass(frozen=True)
class Strip:
    """The same window of several versions of a picture."""

    source: str
    level: str
    item: str
    pictures: Mapping[str, np.ndarray]
    """`sharp`, `input`, then each method by name: uint8 RGB [h, w, 3], sides of `SIDE_PX` or the picture's if less."""


def cut_strip(source: str, level: str, place: Position, outputs: Mapping[str, Planes]) -> Strip:
    """Cuts at the place where the methods' outputs differ most from the input, over all of them."""
    versions = {"sharp": place.sharp, "input": place.soft}
    versions |= {name: planes for name, planes in outputs.items() if name != IDENTITY}
    moved = sum((np.abs(planes[0].astype(np.float32) - place.soft[0]) for planes in outputs.values()), np.float32(0))
    top, left = busiest(np.asarray(moved), SIDE_PX)
    window = slice(top, top + SIDE_PX), slice(left, left + SIDE_PX)
    cut = {name: np.ascontiguousarray(_rgb(planes, place.fmt)[window]) for name, planes in versions.items()}
    return Strip(source, level, place.item, cut)


def busiest(values: np.ndarray, side: int) -> tuple[int, int]:
    """(top, left) of the square window, or as much of it as fits, with the largest sum of values [H, W]."""
    height, width = (min(side, whole) for whole in values.shape)
    sums = np.pad(values, ((1, 0), (1, 0))).astype(np.float64).cumsum(axis=0).cumsum(axis=1)
    totals = sums[height:, width:] - sums[:-height, width:] - sums[height:, :-width] + sums[:-height, :-width]
    tried = totals[::_STEP_PX, ::_STEP_PX]
    row, column = divmod(int(tried.argmax()), tried.shape[1])
    return row * _STEP_PX, column * _STEP_PX


def _rgb(planes: Planes, fmt: PlaneFormat) -> np.ndarray:
    y, u, v = (torch.from_numpy(np.ascontiguousarray(plane)) for plane in planes)
    rgb = yuv_to_rgb(
        y, u, v, matrix=fmt.matrix, full_range=fmt.full_range, bit_depth=fmt.bit_depth, chroma_left=fmt.chroma_left
    )
    return (rgb[0].clamp(0, 1) * 255 + 0.5).to(torch.uint8).permute(1, 2, 0).numpy()
