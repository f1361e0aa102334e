"""The recorder's composition of a call: a tile among others, between black bars, under a name tag."""

import random
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from av import VideoFrame
from PIL import Image, ImageDraw, ImageFont

from .parameters import Composition, Lines
from .scaling import scaled

LAYOUTS = ("bars", "strip")
HELD_OUT_LAYOUTS = ("grid",)
NAMES = ("Ana", "Jonas P.", "Priya S.", "Tom (guest)", "Room 4.12", "Wang Wei", "O. Nilsen", "")
"""In letters that Pillow's own font has: it draws a box for all others."""
_BACKGROUND = 24
"""Luma behind the tiles: nearly black."""


def draw_composition(rng: random.Random, lines: Lines) -> Composition:
    """A layout that the lines allow."""
    layouts = {"trained": LAYOUTS, "held_out": HELD_OUT_LAYOUTS, "all": (*LAYOUTS, *HELD_OUT_LAYOUTS)}[lines]
    layout = rng.choice(layouts)
    width = {"bars": (0.8, 0.98), "strip": (0.6, 0.78), "grid": (0.44, 0.49)}[layout]
    return Composition(
        layout,
        rng.uniform(*width),
        rng.random() if layout == "bars" else 0.1,
        rng.uniform(0.3, 0.7),
        rng.choice(NAMES),
    )


@dataclass(frozen=True)
class _Tile:
    left: int
    top: int
    width: int
    height: int
    mirrored: bool


def composed(tile: VideoFrame, size: tuple[int, int], composition: Composition, by: str) -> VideoFrame:
    """The recorder's picture of a call.

    Args:
        tile: the call's picture, yuv420p of any size; others' tiles show it mirrored.
        size: width and height of the recorded picture, whose shape the call has.
        by: swscale's name of the filter that scales to the tile.

    Returns:
        yuv420p of `size`.
    """
    width, height = size
    luma = np.full((height, width), _BACKGROUND, np.uint8)
    chroma = np.full((2, -(-height // 2), -(-width // 2)), 128, np.uint8)
    for place in _tiles(size, composition):
        picture = scaled(tile, place.width, place.height, by).to_ndarray().astype(np.uint8)
        y = picture[: place.height]
        uv = picture[place.height :].reshape(2, place.height // 2, place.width // 2)
        step = -1 if place.mirrored else 1
        luma[place.top : place.top + place.height, place.left : place.left + place.width] = y[:, ::step]
        top, left = place.top // 2, place.left // 2
        chroma[:, top : top + uv.shape[1], left : left + uv.shape[2]] = uv[:, :, ::step]
        if composition.name and not place.mirrored:
            _write_name(luma, chroma, composition.name, place)
    return frame_of(luma, chroma, like=tile)


def frame_of(luma: np.ndarray, chroma: np.ndarray, like: VideoFrame) -> VideoFrame:
    """A yuv420p frame of planes [H, W] and [2, H/2, W/2] (rounded up), with the colours of another one."""
    frame = VideoFrame(luma.shape[1], luma.shape[0], "yuv420p")
    for plane, values in zip(frame.planes, (luma, *chroma), strict=True):
        buffer = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
        buffer[:, : values.shape[1]] = values
    frame.color_range, frame.colorspace = like.color_range, like.colorspace
    return frame


def _tiles(size: tuple[int, int], composition: Composition) -> list[_Tile]:
    """The call's tile first, at even places, of even sides."""
    width, height = size
    wide, high = _even(width * composition.width), _even(height * composition.width)
    left, top = _even((width - wide) * composition.left, 0), _even((height - high) * composition.top, 0)
    tiles = [_Tile(left, top, wide, high, False)]
    if composition.layout == "strip":
        gap = max(width // 80, 2)
        small = width - wide - left - 2 * gap
        small_wide, small_high = _even(small), _even(small * height / width)
        x, y = _even(left + wide + gap), _even(top, 0)
        while small_wide >= 16 and x + small_wide <= width and y + small_high <= height:
            tiles.append(_Tile(x, y, small_wide, small_high, True))
            y += _even(small_high + gap)
    if composition.layout == "grid":
        x = _even(width - left - wide, 0)
        tiles.append(_Tile(x, top, wide, high, True))
    return [t for t in tiles if t.left + t.width <= width and t.top + t.height <= height]


def _even(value: float, least: int = 2) -> int:
    return max(int(value) // 2 * 2, least)


def _write_name(luma: np.ndarray, chroma: np.ndarray, name: str, place: _Tile) -> None:
    """White on a dark box in the tile's lower left corner."""
    tag = _tag(name, max(place.height // 16, 9))
    high, wide = tag.shape[0] // 2 * 2, min(tag.shape[1], place.width) // 2 * 2
    if high + 4 > place.height:
        return
    bottom, left = place.top + place.height - 4, place.left + 4
    bottom, left = bottom // 2 * 2, left // 2 * 2
    wide = min(wide, place.left + place.width - left) // 2 * 2
    luma[bottom - high : bottom, left : left + wide] = tag[:high, :wide]
    chroma[:, (bottom - high) // 2 : bottom // 2, left // 2 : (left + wide) // 2] = 128


@lru_cache(maxsize=64)
def _tag(name: str, size: int) -> np.ndarray:
    """Luma of a name tag, uint8 [H, W]."""
    font = ImageFont.load_default(size)
    box = ImageDraw.Draw(Image.new("L", (1, 1))).textbbox((0, 0), name, font=font)
    image = Image.new("L", (int(box[2]) + size, int(box[3]) + size // 2), 40)
    ImageDraw.Draw(image).text((size // 2, size // 4), name, fill=235, font=font)
    return np.asarray(image).copy()
