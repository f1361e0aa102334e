"""A whole simulated call: camera, line, recorder; soft pictures beside the sharp ones that they show."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from av import VideoFrame
from av.error import FFmpegError

from ..errors import SimulationError
from .camera import exposed, seen
from .composition import composed
from .draw import draw_parameters
from .encoders import ENCODERS, Encoder
from .line import through_line
from .parameters import LineParameters, Lines, PictureFacts
from .scaling import scaled
from .stream import recorded


@dataclass(frozen=True)
class SimulatedCall:
    """A call's pictures, soft beside sharp, as many as went in and of their size."""

    parameters: LineParameters
    soft: list[VideoFrame]
    """yuv420p."""
    sharp: list[VideoFrame]
    """yuv420p: the original of what the soft picture shows. Composed and exposed alike; where the line repeats a
    picture, that picture's original.
    """
    facts: list[PictureFacts]


@dataclass(frozen=True)
class CallPicture:
    """One picture of a call."""

    soft: VideoFrame
    sharp: VideoFrame
    facts: PictureFacts


def simulate_call(
    frames: Sequence[VideoFrame],
    level: str,
    seed: int,
    fps: float = 30.0,
    lines: Lines = "trained",
    *,
    parameters: LineParameters | None = None,
    originals: Sequence[VideoFrame] | None = None,
) -> SimulatedCall:
    """The call that a level and a seed make of some consecutive pictures.

    Args:
        frames: all of one size; other formats become yuv420p.
        level: one of `LEVELS`.
        fps: turns bits per picture into the encoder's bits per second.
        lines: which encoders, scalers and layouts may be drawn.
        parameters: instead of those that `level`, `seed` and `lines` stand for.
        originals: what the sharp pictures are made of, where the frames are not sharp themselves; as many, of one size.

    Raises:
        SimulationError: no such level or lines, no frames, frames of several sizes, or an encoder that refuses them.
    """
    parameters = parameters or draw_parameters(level, seed, lines)
    originals = frames if originals is None else originals
    _check(frames, originals)
    try:
        pictures = list(call_pictures(zip(frames, originals, strict=True), parameters, fps))
    except FFmpegError as error:
        raise SimulationError(
            f"A call of {frames[0].width}×{frames[0].height} pictures cannot be simulated with "
            f"{parameters.encoder or 'scaling alone'}: {error.strerror}."
        ) from error
    return SimulatedCall(
        parameters, [p.soft for p in pictures], [p.sharp for p in pictures], [p.facts for p in pictures]
    )


def _check(frames: Sequence[VideoFrame], originals: Sequence[VideoFrame]) -> None:
    if not frames:
        raise SimulationError("There are no frames to simulate a call with.")
    if len(originals) != len(frames):
        raise SimulationError(f"A call of {len(frames)} frames needs as many originals; there are {len(originals)}.")
    sizes = {(frame.width, frame.height) for frame in (*frames, *originals)}
    if len(sizes) > 1:
        said = ", ".join(f"{width}×{height}" for width, height in sorted(sizes))
        raise SimulationError(f"The frames of a call must be of one size; these are {said}.")


def call_pictures(
    pairs: Iterable[tuple[VideoFrame, VideoFrame]], parameters: LineParameters, fps: float
) -> Iterator[CallPicture]:
    """The pictures of a call, one for each pair of frame and original; holds no more of them than the recorder does."""
    recorder = parameters.recorder
    if recorder is None:
        yield from before_recorder(pairs, parameters, fps)
        return
    encoder, waiting = ENCODERS[recorder.encoder], deque[CallPicture]()

    def delivered() -> Iterator[VideoFrame]:
        for picture in before_recorder(pairs, parameters, fps):
            waiting.append(picture)
            yield even_frame(picture.soft, encoder)

    for soft in recorded(delivered(), fps, encoder, recorder.quality):
        picture = waiting.popleft()
        yield CallPicture(_tagged(in_420(soft), picture.sharp), picture.sharp, picture.facts)


def before_recorder(
    pairs: Iterable[tuple[VideoFrame, VideoFrame]], parameters: LineParameters, fps: float
) -> Iterator[CallPicture]:
    """The pictures as the recorder gets them."""
    camera, originals = parameters.camera, deque[VideoFrame]()

    def sent() -> Iterator[VideoFrame]:
        for number, (frame, original) in enumerate(pairs):
            originals.append(exposed(in_420(original), camera, number))
            bright = originals[-1] if original is frame else exposed(in_420(frame), camera, number)
            yield seen(bright, camera, number, parameters.seed)

    sharp: VideoFrame | None = None
    for shown in through_line(sent(), parameters, fps):
        original = originals.popleft()
        whole = original.width, original.height
        if sharp is None or not shown.facts.repeated:
            sharp = _placed(original, whole, parameters)
        soft = _placed(_tagged(shown.picture, original), whole, parameters)
        yield CallPicture(soft, sharp, shown.facts)


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
    pictures = [VideoFrame.from_ndarray(f, format="rgb24") if isinstance(f, np.ndarray) else f for f in frames]
    soft = simulate_call(pictures, level, seed, fps).soft
    if frames and isinstance(frames[0], np.ndarray):
        return [scaled(f, f.width, f.height, "BICUBIC", "rgb24").to_ndarray() for f in soft]
    return soft


def in_420(frame: VideoFrame) -> VideoFrame:
    """The frame as yuv420p; itself where it is."""
    return scaled(frame, frame.width, frame.height, "BICUBIC")


def even_frame(frame: VideoFrame, encoder: Encoder) -> VideoFrame:
    """The frame as an encoder takes it: where it has no 4:2:0 of odd sides, those become 4:4:4."""
    odd = (frame.width % 2 or frame.height % 2) and not encoder.odd_sides
    return scaled(frame, frame.width, frame.height, "BICUBIC", "yuv444p") if odd else frame


def _tagged(picture: VideoFrame, like: VideoFrame) -> VideoFrame:
    """The picture, said to have the colours of another one: VP8 carries no range."""
    picture.color_range, picture.colorspace = like.color_range, like.colorspace
    return picture


def _placed(picture: VideoFrame, whole: tuple[int, int], parameters: LineParameters) -> VideoFrame:
    """A picture at the recorded size, composed where the parameters say so."""
    if parameters.composition is None:
        return scaled(picture, *whole, parameters.up_filter)
    return composed(picture, whole, parameters.composition, parameters.up_filter)
