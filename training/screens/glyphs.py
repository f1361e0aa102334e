"""Words as coverage: how much of each pixel, or of each of its three stripes, a word's ink covers."""

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

import numpy as np
from PIL import Image, ImageDraw

from .fonts import Face, load


class Smoothing(Enum):
    """Ways to draw the edges of letters."""

    HINTED = "hinted"
    """Grey levels, fitted to the pixel grid by the font's hints."""
    GREY = "grey"
    """Grey levels, not fitted, as a dense display's system draws them."""
    RGB = "rgb"
    """Sub-pixels of a display whose stripes are red, green, blue."""
    BGR = "bgr"
    NONE = "none"
    """Pixels are ink or they are not."""


_STRIPES = np.array([0x08, 0x4D, 0x56, 0x4D, 0x08], np.uint32)
"""FreeType's default filter over five stripes (FT_LCD_FILTER_DEFAULT); its sum is 256."""


@dataclass(frozen=True)
class Ink:
    """A drawn word: coverage uint8 [h, w, 1 or 3], trimmed, 0 for none; never written to."""

    coverage: np.ndarray
    left: int
    """From the pen to the first column, in px."""
    top: int
    """From the baseline to the first row, in px; negative above it."""


@lru_cache(maxsize=20000)
def advance(face: Face, px: int, text: str, smoothing: Smoothing) -> float:
    """The distance that the pen moves over the text, in px."""
    if smoothing in (Smoothing.HINTED, Smoothing.NONE):
        return load(face, px).getlength(text, mode="1" if smoothing is Smoothing.NONE else "L")
    return load(face, 3 * px).getlength(text) / 3


@lru_cache(maxsize=8192)
def ink(face: Face, px: int, text: str, smoothing: Smoothing) -> Ink:
    """The word drawn at `px` per em, its pen on a whole pixel."""
    if smoothing is Smoothing.NONE or smoothing is Smoothing.HINTED:
        mask, left, top = _mask(face, px, text, 1, "1" if smoothing is Smoothing.NONE else "L")
        return _trimmed(mask[..., None], left, top)
    mask, left, top = _mask(face, 3 * px, text, 3, "L")
    rows = mask.reshape(mask.shape[0] // 3, 3, -1).astype(np.uint32).sum(axis=1)
    if smoothing is Smoothing.GREY:
        cells = rows.reshape(rows.shape[0], -1, 3).sum(axis=2)[..., None]
        return _trimmed(((cells + 4) // 9).astype(np.uint8), left, top)
    padded = np.pad(rows, ((0, 0), (2, 2)))
    width = rows.shape[1]
    filtered = sum(weight * padded[:, shift : shift + width] for shift, weight in enumerate(_STRIPES))
    stripes = ((np.asarray(filtered) + 384) // 768).astype(np.uint8).reshape(rows.shape[0], -1, 3)
    return _trimmed(stripes if smoothing is Smoothing.RGB else stripes[..., ::-1], left, top)


def _mask(face: Face, px: int, text: str, grid: int, mode: str) -> tuple[np.ndarray, int, int]:
    """Coverage uint8 [h, w] with room around, both multiples of `grid`; left and top in steps of `grid` px."""
    font = load(face, px)
    box = font.getbbox(text, mode=mode, anchor="ls")
    left, top = (int(box[0]) - 3) // grid - 1, (int(box[1]) - 3) // grid - 1
    right, bottom = (int(box[2]) + 3) // grid + 2, (int(box[3]) + 3) // grid + 2
    picture = Image.new("L", ((right - left) * grid, (bottom - top) * grid))
    draw = ImageDraw.Draw(picture)
    draw.fontmode = mode
    draw.text((-left * grid, -top * grid), text, fill=255, font=font, anchor="ls")
    return np.asarray(picture), left, top


def _trimmed(coverage: np.ndarray, left: int, top: int) -> Ink:
    drawn = coverage.max(axis=2) > 0
    rows, columns = np.flatnonzero(drawn.any(axis=1)), np.flatnonzero(drawn.any(axis=0))
    if not len(rows):
        return Ink(np.zeros((0, 0, 1), np.uint8), left, top)
    part = coverage[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return Ink(np.ascontiguousarray(part), left + int(columns[0]), top + int(rows[0]))
