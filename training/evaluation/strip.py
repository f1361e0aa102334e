"""Crops of one picture beside each other: the sharp original, the input, and what each method made of it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...models.planes.picture import busiest, rgb_picture
from ...reports.evaluation.evaluation_tables import IDENTITY
from .evaluation_pictures import Planes, Position

SIDE_PX = 256


@dataclass(frozen=True)
class Strip:
    """The same window of several versions of a picture."""

    source: str
    level: str
    item: str
    pictures: Mapping[str, np.ndarray]
    """`sharp`, `input`, then each method by name: uint8 RGB [h, w, 3], sides of `side` px or the picture's if less."""


def cut_strip(source: str, level: str, place: Position, outputs: Mapping[str, Planes], side: int = SIDE_PX) -> Strip:
    """Cuts at the place where the methods' outputs differ most from the input, over all of them."""
    versions = {"sharp": place.sharp, "input": place.soft}
    versions |= {name: planes for name, planes in outputs.items() if name != IDENTITY}
    moved = sum((np.abs(planes[0].astype(np.float32) - place.soft[0]) for planes in outputs.values()), np.float32(0))
    top, left = busiest(np.asarray(moved), side, side)
    window = slice(top, top + side), slice(left, left + side)
    cut = {name: np.ascontiguousarray(rgb_picture(planes, place.fmt)[window]) for name, planes in versions.items()}
    return Strip(source, level, place.item, cut)
