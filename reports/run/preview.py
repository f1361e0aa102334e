"""The preview of a clip: one of its frames before and after the student, whole and where the student changed most."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from PIL import Image

from ...models.planes.picture import busiest, rgb_picture
from ...models.planes.plane_format import PlaneFormat
from ..templates.picture_uri import picture_uri

WHOLE_PX = 960
"""The whole frame is shown at most so wide and high."""
SPOT_PX = (480, 270)
"""Width and height of the spot, pixel for pixel: enough to judge by, and small enough for a page of a hundred clips."""
_WHOLE_QUALITY, _SPOT_QUALITY = 78, 88

Planes = Sequence[np.ndarray]
"""[Y] or [Y, U, V], uint8 or uint16."""


@dataclass(frozen=True)
class Moment:
    """A frame to be shown, as the student got and left it."""

    frame: int
    """Its number within the clip, or for now within its chunk."""
    time_s: float
    before: Planes
    after: Planes
    original: Planes | None
    """The same picture of the sharp original, where there is one."""
    moved: float
    """Mean change by the student, in 8-bit steps of luma: of all moments, the one with most of it is shown."""


def preview_json(moment: Moment, fmt: PlaneFormat, turns: int = 0, pixel_aspect: Fraction | None = None) -> str:
    """The preview as JSON: `frame`, `time_s`, `moved`, `width`, `height`, `spot` and `pictures`.

    `spot` is [left, top, width, height] in pixels of the frame as shown. `pictures` are data URIs: `before`, `after`,
    `spot_before`, `spot_after`, and with an original `spot_reference`.

    Args:
        fmt: how the planes are meant.
        turns: quarter turns, counter-clockwise, by which a player turns the picture.
        pixel_aspect: width of a pixel by its height, before turning; None for square ones.
    """
    eight_bits = PlaneFormat(8, fmt.full_range, fmt.matrix, fmt.chroma_left)
    versions = {"before": moment.before, "after": moment.after, "reference": moment.original}
    shown = {
        name: [_eight_bits(np.rot90(plane, turns), fmt.bit_depth) for plane in planes]
        for name, planes in versions.items()
        if planes is not None
    }
    luma = shown["before"][0]
    height, width = luma.shape
    moved = np.abs(shown["after"][0].astype(np.int16) - luma)
    top, left = busiest(moved, SPOT_PX[1], SPOT_PX[0])
    spot = (left, top, min(SPOT_PX[0], width), min(SPOT_PX[1], height))
    aspect = 1 if pixel_aspect is None else 1 / pixel_aspect if turns % 2 else pixel_aspect
    size = _within(WHOLE_PX, width * float(aspect), height)
    pictures = {
        name: picture_uri(rgb_picture(_resized(shown[name], size), eight_bits), _WHOLE_QUALITY)
        for name in ("before", "after")
    }
    pictures |= {
        f"spot_{name}": picture_uri(rgb_picture(_resized(_cut(planes, spot), spot[2:]), eight_bits), _SPOT_QUALITY)
        for name, planes in shown.items()
    }
    return json.dumps(
        {
            "frame": moment.frame,
            "time_s": moment.time_s,
            "moved": moment.moved,
            "width": width,
            "height": height,
            "spot": spot,
            "pictures": pictures,
        }
    )


def _eight_bits(plane: np.ndarray, bit_depth: int) -> np.ndarray:
    return (plane >> (bit_depth - 8)).astype(np.uint8)


def _within(most: int, width: float, height: float) -> tuple[int, int]:
    scale = min(1.0, most / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _resized(planes: Planes, size: tuple[int, int]) -> list[np.ndarray]:
    """All planes in one size (width, height). Chroma may end up half a pixel off, which nobody sees."""
    return [np.asarray(Image.fromarray(plane).resize(size, Image.Resampling.LANCZOS)) for plane in planes]


def _cut(planes: Planes, spot: tuple[int, int, int, int]) -> list[np.ndarray]:
    """The window of every plane; chroma is subsampled by 1, 2 or 4, of which the window's corner is a multiple."""
    left, top, width, height = spot
    cuts = []
    for plane in planes:
        down, across = (-(-whole // part) for whole, part in zip(planes[0].shape, plane.shape, strict=True))
        cuts.append(plane[top // down : -(-(top + height) // down), left // across : -(-(left + width) // across)])
    return cuts
