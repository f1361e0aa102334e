"""The pictures of a source as the product sees them: 8-bit planes, soft beside sharp, at the places to measure."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from av import VideoFrame
from av.error import FFmpegError

from ...models.open_media import open_media
from ...models.planes.colour import rgb_to_yuv
from ...models.planes.plane_format import PlaneFormat
from ..data.paired_pictures import read_rgb
from ..errors import DataError
from ..simulate.call import simulate_call
from ..simulate.parameters import LEVELS
from .evaluation_sources import PairSequence, SharpClip

Planes = list[np.ndarray]
"""[Y, U, V], uint8 [H, W] each, or half of it for the chroma of clips."""
IMAGE_FORMAT = PlaneFormat(8, full_range=True, matrix="bt601", chroma_left=False)
"""Images become 4:4:4 as JPEG defines it, which keeps all of their RGB but rounding."""
CLIP_FORMAT = PlaneFormat(8, full_range=False, matrix="bt709", chroma_left=True)
RECORDED = "blur"
"""The level of image pairs: as soft as they were recorded."""
UNCHANGED = "sharp"
"""The level of a clip as it is: what a method breaks there, it breaks in good recordings."""
ALL_LEVELS = (*LEVELS, UNCHANGED)
"""The levels of a clip."""


@dataclass(frozen=True)
class Position:
    """One picture to measure."""

    item: str
    """The image's file name, or the number of the frame, counted from 0."""
    fmt: PlaneFormat
    soft: Planes
    sharp: Planes
    before: tuple[Planes, Planes] | None
    """(soft, sharp) of the frame before; None for images, and for a clip of one frame."""


def positions(
    source: PairSequence | SharpClip, levels: Sequence[str], frames: int, every: int
) -> Iterator[tuple[str, Iterator[Position]]]:
    """Decodes a source once, and for each level makes it soft once.

    Args:
        levels: of a clip: those of `simulate`, or `UNCHANGED`. Image pairs have only `RECORDED`.
        frames: how many of a clip's first frames are made soft.
        every: of these, one in so many is measured; of a clip too short for that, its last frame.

    Yields:
        (level, its positions), to be consumed in this order.

    Raises:
        DataError: a picture cannot be decoded.
        SimulationError: no such level.
    """
    if isinstance(source, PairSequence):
        yield RECORDED, _image_positions(source)
        return
    sharp = first_frames(source.path, frames)
    numbers = range(len(sharp))[every - 1 :: every] or range(len(sharp))[-1:]
    for level in levels:
        seed = zlib.crc32(source.path.name.encode(errors="surrogateescape"))
        if level == UNCHANGED:
            yield level, _frame_positions(sharp, sharp, numbers)
        else:
            call = simulate_call(sharp, level, seed)
            yield level, _frame_positions(call.soft, call.sharp, numbers)


def _image_positions(sequence: PairSequence) -> Iterator[Position]:
    for pair in sequence.pairs:
        yield Position(pair.blur.name, IMAGE_FORMAT, read_image(pair.blur), read_image(pair.sharp), None)


def _frame_positions(
    soft: Sequence[VideoFrame], sharp: Sequence[VideoFrame], numbers: Sequence[int]
) -> Iterator[Position]:
    for t in numbers:
        before = (frame_planes(soft[t - 1]), frame_planes(sharp[t - 1])) if t else None
        yield Position(str(t), CLIP_FORMAT, frame_planes(soft[t]), frame_planes(sharp[t]), before)


def read_image(path: Path) -> Planes:
    """An image as planes in `IMAGE_FORMAT`; transparency is dropped.

    Raises:
        DataError: as `read_rgb`.
    """
    rgb = read_rgb(path)
    scaled = torch.from_numpy(rgb.astype(np.float32) / 255).permute(2, 0, 1)[None]
    fmt, size = IMAGE_FORMAT, (rgb.shape[0], rgb.shape[1])
    planes = rgb_to_yuv(
        scaled,
        size,
        matrix=fmt.matrix,
        full_range=fmt.full_range,
        bit_depth=fmt.bit_depth,
        chroma_left=fmt.chroma_left,
    )
    return [plane.numpy().astype(np.uint8) for plane in planes]


def first_frames(path: Path, count: int) -> list[VideoFrame]:
    """At most `count` frames, yuv420p, all of the first one's size rounded down to even.

    Raises:
        DataError: the clip cannot be decoded.
    """
    frames: list[VideoFrame] = []
    try:
        with open_media(path) as container:
            for frame in container.decode(video=0):
                like = frames[0] if frames else frame
                frames.append(frame.reformat(like.width // 2 * 2, like.height // 2 * 2, "yuv420p", threads=1))
                if len(frames) == count:
                    break
    except (FFmpegError, IndexError) as error:
        raise DataError(f"The clip '{path}' cannot be decoded: {error}.") from error
    if not frames:
        raise DataError(f"The clip '{path}' has no frame that can be decoded.")
    return frames


def frame_planes(frame: VideoFrame) -> Planes:
    """[Y, U, V]: views into one copy of a yuv420p frame."""
    whole, h, w = frame.to_ndarray(format="yuv420p", threads=1).astype(np.uint8), frame.height, frame.width
    u, v = whole[h:].reshape(2, h // 2, w // 2)
    return [whole[:h], u, v]
