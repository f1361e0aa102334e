"""Makes the soft call recording of a sharp clip, frame for frame: scaled down, squeezed through a thin line, recorded.

light: 2× down and up, nothing else (the report's `simulate_vc`). medium: 1.5–2× down, low-delay H.264 at about 0.10 bit
per pixel of the small picture, up. heavy: 2–3× down, about 0.04 bit. compressed: no scaling, about 0.05 bit. All but
light are then recorded at full size (H.264, CRF 21), as a meeting recorder does. Pictures stay in YUV throughout.
"""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from av import VideoFrame

from .codec import h264_round_trip
from ..errors import SimulationError

Level = Literal["light", "medium", "heavy", "compressed"]
LEVELS: tuple[Level, ...] = get_args(Level)
RECORDER = {"preset": "veryfast", "crf": "21"}

_SHRINK: dict[Level, tuple[float, float]] = {
    "light": (2, 2),
    "medium": (1.5, 2),
    "heavy": (2, 3),
    "compressed": (1, 1),
}
_BITS_PER_PIXEL: dict[Level, float | None] = {"light": None, "medium": 0.10, "heavy": 0.04, "compressed": 0.05}


@dataclass(frozen=True)
class CallParameters:
    """What the line does to the picture."""

    level: Level
    shrink: float
    """Full size over the size that was sent."""
    down_filter: str
    up_filter: str
    """swscale's names of the two resampling filters."""
    bits_per_pixel: float | None
    """Bits per pixel of the small picture and frame; None: not encoded."""
    preset: str
    """x264's preset on the line."""
    recorded: bool
    """Encoded again at full size."""


def draw_parameters(level: str, seed: int) -> CallParameters:
    """The parameters that a level and a seed stand for: the same ones every time.

    Raises:
        SimulationError: no such level.
    """
    for known in LEVELS:
        if level == known:
            dice = random.Random(f"{level}/{seed}")
            bits = _BITS_PER_PIXEL[known]
            return CallParameters(
                level=known,
                shrink=dice.uniform(*_SHRINK[known]),
                down_filter=dice.choice(["BICUBIC", "BILINEAR"]),
                up_filter=dice.choice(["BICUBIC", "BILINEAR"]),
                bits_per_pixel=None if bits is None else bits * dice.uniform(0.8, 1.25),
                preset=dice.choice(["ultrafast", "superfast", "veryfast"]),
                recorded=known != "light",
            )
    raise SimulationError(f"There is no level '{level}'; accepted are {', '.join(LEVELS)}.")


def simulate_frames(
    frames: Sequence[np.ndarray | VideoFrame], level: str, seed: int, fps: float = 30.0
) -> list[np.ndarray] | list[VideoFrame]:
    """The soft recording of some consecutive frames.

    Args:
        frames: all RGB uint8 [H, W, 3] arrays (converted by BT.601 and back), or all video frames.
        level: one of `LEVELS`.
        fps: turns bits per frame into the encoder's bits per second.

    Returns:
        As many pictures of the same kind and size: arrays for arrays, yuv420p frames for frames.

    Raises:
        SimulationError: no such level, or no frames.
    """
    parameters = draw_parameters(level, seed)
    if not frames:
        raise SimulationError("There are no frames to simulate a call with.")
    arrays = isinstance(frames[0], np.ndarray)
    sharp = (VideoFrame.from_ndarray(f, format="rgb24") if isinstance(f, np.ndarray) else f for f in frames)
    soft: Iterable[VideoFrame] = through_line(sharp, parameters, fps)
    if parameters.recorded:
        soft = h264_round_trip((even_frame(f) for f in soft), fps, RECORDER)
    if arrays:
        return [f.to_ndarray(format="rgb24") for f in soft]
    return [f if f.format.name == "yuv420p" else f.reformat(format="yuv420p") for f in soft]


def through_line(frames: Iterable[VideoFrame], parameters: CallParameters, fps: float) -> Iterator[VideoFrame]:
    """Down, through the encoder, and up again; yields one yuv420p frame of the source's size for each."""
    size = (0, 0)

    def shrunk() -> Iterator[VideoFrame]:
        nonlocal size
        for frame in frames:
            size = (frame.width, frame.height)
            width, height = _small_size(*size, parameters.shrink)
            yield frame.reformat(width, height, "yuv420p", interpolation=parameters.down_filter)

    small = shrunk()
    if parameters.bits_per_pixel is not None:
        small = _sent(small, parameters, fps)
    for frame in small:
        yield frame.reformat(*size, "yuv420p", interpolation=parameters.up_filter)


def even_frame(frame: VideoFrame) -> VideoFrame:
    """The frame as an encoder takes it: of odd sides there is no 4:2:0, so those become 4:4:4."""
    return frame.reformat(format="yuv444p") if frame.width % 2 or frame.height % 2 else frame


def _sent(frames: Iterator[VideoFrame], parameters: CallParameters, fps: float) -> Iterator[VideoFrame]:
    first = next(frames, None)
    if first is None or parameters.bits_per_pixel is None:
        return
    rate = max(int(parameters.bits_per_pixel * first.width * first.height * fps), 4000)

    def rest() -> Iterator[VideoFrame]:
        yield first
        yield from frames

    yield from h264_round_trip(rest(), fps, {"preset": parameters.preset, "g": "600"}, bit_rate=rate)


def _small_size(width: int, height: int, shrink: float) -> tuple[int, int]:
    """The sent size: even sides, at least 16 each."""
    return max(round(width / shrink / 2) * 2, 16), max(round(height / shrink / 2) * 2, 16)
