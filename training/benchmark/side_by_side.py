"""A video to watch: the soft pictures, what methods made of them, and the originals, side by side at twice the size."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from ...models.planes.picture import busiest, rgb_picture
from ..evaluation.evaluation_pictures import Planes, Position

PART_PX = (320, 240)
"""Largest (width, height) of the window that is shown."""
ZOOM = 2
ROUNDS = 6
"""How often the pictures are shown, since sixteen are gone in half a second."""


def write_side_by_side(
    path: Path, places: Sequence[Position], outputs: Mapping[str, Sequence[Planes]], fps: float
) -> None:
    """Writes H.264 in MP4: from left to right the soft pictures, each method, and the originals.

    The window is where the sharp picture has most detail. Pixels are doubled, not smoothed.
    """
    width, height = (
        min(most, side) // 2 * 2 for most, side in zip(PART_PX, places[0].sharp[0].shape[::-1], strict=True)
    )
    detail = np.abs(np.diff(places[-1].sharp[0].astype(np.float32), axis=1))
    top, left = busiest(detail, height, width)
    window = slice(top, top + height), slice(left, left + width)
    rows = [[places[t].soft, *(made[t] for made in outputs.values()), places[t].sharp] for t in range(len(places))]
    pictures = [
        np.concatenate([rgb_picture(planes, places[t].fmt)[window] for planes in row], axis=1)
        for t, row in enumerate(rows)
    ]
    with av.open(str(path), "w") as out:
        stream = out.add_stream(
            "libx264", rate=Fraction(fps).limit_denominator(1001), options={"crf": "18", "threads": "1"}
        )
        stream.height, stream.width = (side * ZOOM for side in pictures[0].shape[:2])
        stream.pix_fmt = "yuv420p"
        for picture in pictures * ROUNDS:
            large = np.ascontiguousarray(picture.repeat(ZOOM, axis=0).repeat(ZOOM, axis=1))
            out.mux(stream.encode(av.VideoFrame.from_ndarray(large, format="rgb24")))
        out.mux(stream.encode(None))
