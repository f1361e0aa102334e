"""Many screens on one picture, to look at, and one screen as a lossless clip."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av import VideoFrame
from PIL import Image

from .clip import ScreenClip

_GAP = 8
_BEHIND = (128, 128, 128)


def contact_sheet(pictures: Sequence[np.ndarray], columns: int) -> np.ndarray:
    """Pictures of one size, uint8 [h, w, 3] each, in rows with gaps between them."""
    high, wide = pictures[0].shape[:2]
    rows = -(-len(pictures) // columns)
    sheet = np.empty((rows * (high + _GAP) - _GAP, columns * (wide + _GAP) - _GAP, 3), np.uint8)
    sheet[:] = _BEHIND
    for number, picture in enumerate(pictures):
        y, x = number // columns * (high + _GAP), number % columns * (wide + _GAP)
        sheet[y : y + high, x : x + wide] = picture
    return sheet


def save_picture(path: Path, picture: np.ndarray, largest_bytes: int | None = None) -> None:
    """Writes a PNG, or a JPEG where the name asks for it, of at most `largest_bytes` where a quality of 30 allows."""
    image = Image.fromarray(picture)
    if path.suffix != ".jpg":
        image.save(path, optimize=True)
        return
    for quality in (92, 85, 78, 70, 60, 50, 40, 30):
        image.save(path, quality=quality, optimize=True)
        if largest_bytes is None or path.stat().st_size <= largest_bytes:
            return


def save_clip(path: Path, clip: ScreenClip) -> None:
    """Writes the clip bit for bit: FFV1 of red, green and blue planes in Matroska."""
    part = path.with_name(f".{path.name}.part")
    try:
        with av.open(str(part), "w", format="matroska") as output:
            first = clip.frames[0].picture
            stream = output.add_stream("ffv1", rate=Fraction(clip.fps).limit_denominator(1001))
            stream.width, stream.height, stream.pix_fmt = first.shape[1], first.shape[0], "bgr0"
            for number in range(len(clip.frames)):
                frame = VideoFrame.from_ndarray(clip.frames[number].picture, format="rgb24").reformat(
                    format="bgr0", threads=1
                )
                frame.pts = number
                output.mux(stream.encode(frame))
            output.mux(stream.encode(None))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
