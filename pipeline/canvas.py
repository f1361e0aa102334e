"""The one size and pixel format that all of a clip's pictures are written in, and where each picture lies in it.

Calls begin small and grow, phones are turned, and recorders go from 8 to 10 bits; an encoder wants all pictures alike.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from math import ceil
from typing import Any

from av.video.format import VideoFormat

from ..models.wording import counted
from .limits import MOST_PIXELS
from .probe import ClipInfo, Shape

_CHROMA = {(0, 0): "444", (1, 0): "422", (0, 1): "440", (1, 1): "420", (2, 0): "411", (2, 2): "410"}
"""By how often width and height of chroma are halved."""

ROUNDED_PX = 2
"""Senders round sizes to even numbers: a picture that misses the canvas's shape by less than this is of that shape."""


@dataclass(frozen=True)
class Place:
    """The place of a picture in the canvas, in pixels; around it there are bars."""

    left: int
    top: int
    width: int
    height: int


def canvas_of(shapes: Sequence[Shape]) -> tuple[int, int, Fraction]:
    """Width, height and shape of pixels of the smallest canvas that holds every picture at its own shape, unshrunk.

    Pixels are those of the largest picture.
    """
    aspect = max(shapes, key=lambda shape: shape.width * shape.height).pixel_aspect
    sizes = [_unshrunk(shape, aspect) for shape in shapes]
    width, height = (max(_whole(size[side]) for size in sizes) for side in (0, 1))
    return width, height, aspect


def place(shape: Shape, canvas: Shape) -> Place:
    """The place of a picture: as large as it can be, in the middle, and on whole chroma samples of both fields."""
    across, down = _unshrunk(shape, canvas.pixel_aspect)
    scale = min(canvas.width / across, canvas.height / down)
    width = _fitted(across * scale, canvas.width, ROUNDED_PX * across * scale / shape.width)
    height = _fitted(down * scale, canvas.height, ROUNDED_PX * down * scale / shape.height)
    return Place((canvas.width - width) // 2 & ~1, (canvas.height - height) // 2 & ~3, width, height)


def format_of(shapes: Sequence[Shape], taken: Sequence[str]) -> str:
    """The pixel format that holds the pictures of all `shapes`: the largest depth, the richest chroma.

    Args:
        taken: what the encoder takes; empty: anything. Where it takes nothing that holds all, the best of the stream's
            own formats that it takes, and if none, the first picture's.
    """
    names = list(dict.fromkeys(shape.pix_fmt for shape in shapes if _is_yuv(shape.pix_fmt)))
    if len(names) < 2:
        name = shapes[0].pix_fmt
        opaque = _holding([name]) if name.startswith("yuva") else name
        return opaque if taken and name not in taken and opaque in taken else name
    ideal = _holding(names)
    if not taken or ideal in taken:
        return ideal
    richer = [name for name in taken if _is_yuv(name) and _holding([name, ideal]) == name]
    own = [name for name in names if name in taken]
    best = min(richer, key=_bits, default=None) or max(own, key=_bits, default=None)
    return best or shapes[0].pix_fmt


def on_canvas(info: ClipInfo, shapes: Iterable[Shape], taken: Sequence[str]) -> ClipInfo:
    """The facts of a clip that is written so that it holds all `shapes`; `info` itself where all are like the first."""
    first = Shape.of(info)
    found = tuple(dict.fromkeys((first, *shapes)))
    name = format_of(found, taken)
    if len(found) == 1 and name == info.pix_fmt:
        return info
    width, height, aspect = canvas_of(found)
    if width * height > MOST_PIXELS:  # the largest picture is not too large, but a box around two may be
        largest = max(found, key=lambda shape: shape.width * shape.height)
        width, height = largest.width, largest.height
    full = first.pix_fmt.startswith("yuvj")
    return replace(
        info,
        width=width,
        height=height,
        pix_fmt=name,
        sample_aspect_ratio=info.sample_aspect_ratio if aspect == first.pixel_aspect else aspect,
        colour=replace(info.colour, range=2) if full else info.colour,
        shapes=found,
    )


def canvas_notes(info: ClipInfo, fitted: Iterable[Sequence[Any]]) -> list[str]:
    """Notes on pictures that had another shape than the clip's, in a sentence for each kind.

    Args:
        fitted: width, height, pixel format and number of such pictures.
    """
    canvas = Shape.of(info)
    counts: dict[tuple[str, str], int] = {}
    for width, height, pix_fmt, count in fitted:
        shape = known_shape(info, width, height, pix_fmt)
        for change in _changes(shape, canvas):
            counts[change] = counts.get(change, 0) + count
    notes: dict[str, list[str]] = {}
    for (what, to), count in counts.items():
        notes.setdefault(to, []).append(f"{counted(count, 'picture')} {what}")
    return [f"{', '.join(parts)} {to}" for to, parts in notes.items()]


def known_shape(info: ClipInfo, width: int, height: int, pix_fmt: str) -> Shape:
    """The shape of a decoded picture: its pixels are as they were found in pictures of that size."""
    for shape in info.shapes:
        if (shape.width, shape.height) == (width, height):
            return replace(shape, pix_fmt=pix_fmt)
    return Shape(width, height, pix_fmt, Shape.of(info).pixel_aspect)


def _changes(shape: Shape, canvas: Shape) -> list[tuple[str, str]]:
    """What of it was changed, and to what."""
    changes = []
    if (shape.width, shape.height, shape.pixel_aspect) != (canvas.width, canvas.height, canvas.pixel_aspect):
        at = place(shape, canvas)
        bars = (at.width, at.height) != (canvas.width, canvas.height)
        size = f"of {shape.width}×{shape.height}"
        if at.width < shape.width or at.height < shape.height:
            done = "made smaller, to"
        elif (at.width, at.height) != (shape.width, shape.height):
            done = "enlarged to"
        else:
            done = "set into"
        changes.append((size, f"were {done} {canvas.width}×{canvas.height}{', between bars' if bars else ''}"))
    if shape.pix_fmt != canvas.pix_fmt:
        changes.append((f"in {shape.pix_fmt}", f"were converted to {canvas.pix_fmt}"))
    return changes


def _unshrunk(shape: Shape, aspect: Fraction) -> tuple[Fraction, Fraction]:
    """A picture's least width and height in pixels of another aspect, when neither may shrink."""
    wider = shape.pixel_aspect / aspect
    return shape.width * max(wider, Fraction(1)), shape.height * max(1 / wider, Fraction(1))


def _whole(size: Fraction) -> int:
    return int(size) if size.denominator == 1 else ceil(size / 2) * 2


def _fitted(size: Fraction | float, most: int, rounded: Fraction | float) -> int:
    if most - size < rounded:
        return most
    return max(1, min(most, round(size / 2) * 2 if size >= 2 else 1))


def _is_yuv(name: str) -> bool:
    fmt = VideoFormat(name)
    return fmt.components[0].is_luma and name.startswith(("yuv", "gray")) and not fmt.is_big_endian


def _bits(name: str) -> int:
    return VideoFormat(name).bits_per_pixel


def _halvings(name: str) -> tuple[int, int] | None:
    fmt = VideoFormat(name)
    if len(fmt.components) < 3:
        return None
    return tuple((16 // side).bit_length() - 1 for side in (fmt.chroma_width(16), fmt.chroma_height(16)))  # type: ignore[return-value]


def _holding(names: Sequence[str]) -> str:
    """The format with the largest depth and the richest chroma among `names`; what is transparent does not count."""
    depth = max(VideoFormat(name).components[0].bits for name in names)
    suffix = "" if depth == 8 else f"{depth}le"
    chroma = [halved for halved in map(_halvings, names) if halved is not None]
    if not chroma:
        return f"gray{suffix}"
    halved = min(across for across, _ in chroma), min(down for _, down in chroma)
    if halved not in _CHROMA or (depth > 8 and 2 in halved):
        halved = (min(halved[0], 1), min(halved[1], 1))
    full = names[0].startswith("yuvj") and depth == 8 and 2 not in halved
    return f"yuv{'j' if full else ''}{_CHROMA[halved]}p{suffix}"
