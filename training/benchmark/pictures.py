"""The benchmark's pictures: the sharp ones of a source, and the soft recordings made of them by a level and a seed."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from av import VideoFrame
from av.error import FFmpegError

from ...models.open_media import PHOTOS, open_media
from ...reports.metrics.words import Box, Text
from ..errors import DataError
from ..evaluation.evaluation_pictures import CLIP_FORMAT, UNCHANGED, Position, frame_planes
from ..screens import Word, screen_clip
from ..simulate.call import simulate_call
from ..simulate.parameters import LineParameters, PictureFacts
from ..simulate.scaling import scaled
from .sources import BenchmarkSource

MEASURED = 16
"""Consecutive pictures that are measured."""
LONGEST_LEAD = 60
"""At most so many pictures go over the line before the first that is measured, so that all ages are seen."""
FPS = 30.0
PAN_PX = 1.5
"""Most pixels of the photo that a pan moves from picture to picture."""


@dataclass(frozen=True)
class SharpPictures:
    """A source as it is: as many yuv420p frames as the line needs, and what can be read in each."""

    frames: tuple[VideoFrame, ...]
    words: tuple[tuple[Text, ...], ...] | None
    """Of drawn screens; None where nobody wrote down what is there."""


@dataclass(frozen=True)
class Recording:
    """One soft recording of a source, cut to the pictures that are measured."""

    level: str
    places: tuple[Position, ...]
    facts: tuple[PictureFacts, ...] | None
    """What the line did to each picture; None of the sharp pictures themselves."""
    parameters: LineParameters | None
    words: tuple[Text, ...] | None
    """What stands in the last picture, where that is known."""
    digest: str
    """SHA-256 of all its soft and sharp planes: equal digests are equal inputs."""


def sharp_pictures(source: BenchmarkSource, data: Path) -> SharpPictures:
    """Up to `LONGEST_LEAD + MEASURED` sharp pictures of a source, at the size that it declares.

    Raises:
        DataError: a file does not decode, or has fewer than `MEASURED` pictures.
    """
    most = LONGEST_LEAD + MEASURED
    if source.kind == "screen":
        clip = screen_clip(source.seed, *source.size, most, held_out=True)
        drawn = list(islice(clip.frames, most))
        words = tuple(tuple(_text(word) for word in frame.words) for frame in drawn)
        return SharpPictures(tuple(_sized(_rgb_frame(f.picture), source.size) for f in drawn), words)
    assert source.file is not None
    path = data / source.file
    try:
        frames = tuple(islice(_pan(source, path) if source.kind == "pan" else _clip(source, path), most))
    except (FFmpegError, IndexError) as error:
        raise DataError(f"The benchmark's file '{path}' does not decode: {error}.") from error
    if len(frames) < MEASURED:
        raise DataError(f"The benchmark's file '{path}' has {len(frames)} pictures; at least {MEASURED} are needed.")
    return SharpPictures(frames, None)


def recording(source: BenchmarkSource, sharp: SharpPictures, level: str, seed: int) -> Recording:
    """The soft recording that a level and a seed make of a source; `UNCHANGED` is the sharp pictures themselves."""
    rng = random.Random(f"{source.name}/{level}/{seed}")
    lead = rng.randint(0, len(sharp.frames) - MEASURED)
    frames, shown = sharp.frames[: lead + MEASURED], lead + MEASURED - 1
    if level == UNCHANGED:
        soft, originals, facts, parameters = frames, frames, None, None
    else:
        call = simulate_call(frames, level, rng.randrange(1 << 30), FPS, lines="all")
        soft, originals, facts, parameters = call.soft, call.sharp, tuple(call.facts[lead:]), call.parameters
        while shown and call.facts[shown].repeated:  # the line's last picture is an earlier one, shown again
            shown -= 1
    words = None if sharp.words is None else sharp.words[shown]
    pairs = [(frame_planes(soft[t]), frame_planes(originals[t])) for t in range(max(lead - 1, 0), lead + MEASURED)]
    measured = pairs[-MEASURED:]
    before = [*([None] if lead == 0 else []), *pairs]
    places = tuple(Position(str(lead + i), CLIP_FORMAT, *pair, before[i]) for i, pair in enumerate(measured))
    return Recording(level, places, facts, parameters, words, _digest(measured))


def _digest(pairs: Sequence[tuple[list[np.ndarray], list[np.ndarray]]]) -> str:
    digest = hashlib.sha256()
    for pair in pairs:
        for plane in (*pair[0], *pair[1]):
            digest.update(np.ascontiguousarray(plane).data)
    return digest.hexdigest()


def _clip(source: BenchmarkSource, path: Path) -> Iterator[VideoFrame]:
    with open_media(path) as container:
        for frame in islice(container.decode(video=0), source.start, None):
            part = _cropped(frame.to_ndarray(format="rgb24", threads=1), source.crop) if source.crop else frame
            yield from [_sized(part, source.size)] * source.hold


def _pan(source: BenchmarkSource, path: Path) -> Iterator[VideoFrame]:
    """A window that glides over a photo: as large as fits beside the way it goes."""
    with open_media(path, PHOTOS) as container:
        photo = next(container.decode(video=0)).to_ndarray(format="rgb24", threads=1)
    height, width = photo.shape[:2]
    rng = random.Random(source.name)
    step = [rng.uniform(-PAN_PX, PAN_PX) for _ in range(2)]
    way = [abs(s) * (LONGEST_LEAD + MEASURED) for s in step]
    scale = min((width - way[0]) / source.size[0], (height - way[1]) / source.size[1])
    w, h = (int(side * scale) for side in source.size)
    start = [0.0 if s >= 0 else room for s, room in zip(step, (width - w, height - h), strict=True)]
    for t in range(LONGEST_LEAD + MEASURED):
        x, y = (int(a + s * t) for a, s in zip(start, step, strict=True))
        yield _sized(_rgb_frame(photo[y : y + h, x : x + w]), source.size)


def _cropped(rgb: np.ndarray, part: tuple[int, int, int, int]) -> VideoFrame:
    left, top, width, height = part
    return _rgb_frame(rgb[top : top + height, left : left + width])


def _rgb_frame(rgb: np.ndarray) -> VideoFrame:
    return VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")


def _sized(frame: VideoFrame, size: tuple[int, int]) -> VideoFrame:
    """yuv420p of a size, by BT.601 where it was RGB."""
    return scaled(frame, *size, "BICUBIC")


def _text(word: Word) -> Text:
    return Text(word.text, Box(word.left, word.top, word.left + word.width, word.top + word.height))
