"""Sharp sequences to train on: pans over photos, runs of real clips, and screens made by code.

Each is some sixty to two hundred consecutive yuv420p frames of at most `CANVAS`, drawn from a seed.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice, takewhile
from pathlib import Path

import numpy as np
from av import VideoFrame
from av.container import InputContainer
from av.video.stream import VideoStream

from ...models.open_media import PHOTOS, open_media
from ..evaluation.evaluation_pictures import frame_planes
from ..screens import screen_clip
from ..simulate.scaling import scaled

CANVAS = (480, 352)
"""Largest width and height of a sequence in px."""
LENGTHS = (60, 200)
"""Pictures of a sequence, drawn evenly: a clip may have fewer."""
SOFT_ORIGINALS = 0.1
"""Share of photos whose original is itself soft: a student must not take every soft picture for a call's fault."""
STILL = 0.4
"""Share of pans that stand still."""


@dataclass(frozen=True)
class SequencePlan:
    """The plan of a sequence: everything about it follows from these values."""

    source: str
    """The person or scene; a source is trained on or validated on, never both."""
    kind: str
    """`photo`, `clip` or `screen`."""
    file: Path | None
    number: int
    """Tells the sequences of a source apart."""
    seed: int

    @property
    def name(self) -> str:
        """Unique among the plans of a cache."""
        return f"{f'{self.kind}-{self.file.name}' if self.file else self.source}-{self.number}"

    def rng(self, purpose: str) -> random.Random:
        """Random numbers for one purpose."""
        return random.Random(f"{self.seed}/{self.name}/{purpose}")


def sharp_sequence(plan: SequencePlan, least: int, faces: Sequence[Path] = ()) -> list[VideoFrame]:
    """The frames of a plan; none where a clip has fewer than `least` left.

    Args:
        faces: clips for the small tiles on screens.

    Raises:
        ScreenError: as `screen_clip`.
        FFmpegError: the file does not decode.
    """
    rng = plan.rng("sharp")
    length = rng.randint(*LENGTHS)
    if plan.kind == "screen":
        frames = list(_screen(rng, length, faces))
    else:
        assert plan.file is not None
        frames = list(_pan(plan.file, rng, length) if plan.kind == "photo" else _run(plan, rng, length))
    return frames if len(frames) >= least else []


def _screen(rng: random.Random, length: int, faces: Sequence[Path]) -> Iterator[VideoFrame]:
    """A window of a larger screen, pixel for pixel: letters must not be scaled."""
    clip = screen_clip(rng.randrange(1 << 30), 1280, 720, length, faces=faces if rng.random() < 0.3 else ())
    x, y = (rng.randrange(0, whole - side, 2) for whole, side in zip((1280, 720), CANVAS, strict=True))
    last: tuple[np.ndarray, VideoFrame] | None = None
    for frame in clip.frames:
        if last is None or frame.picture is not last[0]:
            last = frame.picture, _from_rgb(frame.picture[y : y + CANVAS[1], x : x + CANVAS[0]])
        yield last[1]


def _pan(file: Path, rng: random.Random, length: int) -> Iterator[VideoFrame]:
    """A window that rests on a photo, or glides and zooms; shrunk a little, so that pixels are crisp."""
    with open_media(file, PHOTOS) as container:
        streams = container.streams.video
        frame = next(container.decode(streams[0]), None) if streams else None
    if frame is None:
        return
    width, height = frame.width, frame.height
    rgb = scaled(frame, width, height, "BICUBIC", "rgb24")
    photo = scaled(rgb, width, height, "BICUBIC", "yuv444p").to_ndarray()  # once, since it is dear
    shrink = rng.uniform(1.0, max(1.0, min(2.2, min(height / CANVAS[1], width / CANVAS[0]) * 0.9)))
    size = [
        max(min(int(whole / shrink * 0.94) // 2 * 2, most), 64)
        for whole, most in zip((width, height), CANVAS, strict=True)
    ]
    window = [min(side * shrink, whole * 0.97) for side, whole in zip(size, (width, height), strict=True)]
    still = rng.random() < STILL
    speed = [0.0 if still else rng.uniform(-1.5, 1.5) for _ in range(2)]
    zoom = 0.0 if still or rng.random() < 0.5 else rng.uniform(-0.002, 0.002)
    at = [rng.uniform(0, whole - side) for whole, side in zip((width, height), window, strict=True)]
    softness = rng.uniform(1.2, 2.2) if rng.random() < SOFT_ORIGINALS else 1.0
    last: tuple[tuple[int, ...], VideoFrame] | None = None
    for t in range(length):
        w, h = (min(round(s * (1 + zoom * t)), whole) for s, whole in zip(window, (width, height), strict=True))
        x, y = (
            min(max(round(start + step * t), 0), whole - side)
            for start, step, whole, side in zip(at, speed, (width, height), (w, h), strict=True)
        )
        if last is None or last[0] != (x, y, w, h):
            last = (x, y, w, h), _sized(photo[:, y : y + h, x : x + w], size, softness)
        yield last[1]


def _run(plan: SequencePlan, rng: random.Random, length: int) -> Iterator[VideoFrame]:
    """Consecutive frames from somewhere in a clip: shrunk to the canvas, or cut out of it where it shows a screen."""
    assert plan.file is not None
    with open_media(plan.file) as container:
        streams = container.streams.video
        decoded = _from_somewhere(container, streams[0], rng, length) if streams else iter(())
        first = next(decoded, None)
        if first is None:
            return
        shape = first.width, first.height
        frames = takewhile(lambda frame: (frame.width, frame.height) == shape, decoded)
        if is_screen(plan.file):
            width, height = (min(side, most) // 2 * 2 for side, most in zip(shape, CANVAS, strict=True))
            left, top = (
                rng.randrange(0, whole - side + 1, 2) for whole, side in zip(shape, (width, height), strict=True)
            )
            yield from (_cut(frame, left, top, width, height) for frame in chain([first], frames))
            return
        fit = min(1.0, CANVAS[0] / first.width, CANVAS[1] / first.height)
        width, height = (int(side * fit) // 2 * 2 for side in shape)
        yield from (scaled(frame, width, height, "BICUBIC") for frame in chain([first], frames))


def _from_somewhere(
    container: InputContainer, stream: VideoStream, rng: random.Random, length: int
) -> Iterator[VideoFrame]:
    """At most `length` frames from a keyframe of a place that is drawn, where the file can be sought in."""
    span = float((stream.duration or 0) * (stream.time_base or 0))
    rate = float(stream.average_rate or 30)
    place = rng.random() * max(span - length / rate, 0.0)
    if place > 0:
        container.seek(int(place / float(stream.time_base or 1)), stream=stream)
    return islice(container.decode(stream), length)


def _cut(frame: VideoFrame, left: int, top: int, width: int, height: int) -> VideoFrame:
    """A part of a picture, everything even; 4:4:4 and RGB recordings are taken to 4:2:0 first."""
    y, u, v = frame_planes(scaled(frame, frame.width // 2 * 2, frame.height // 2 * 2, "BICUBIC"))
    half = slice(top // 2, (top + height) // 2), slice(left // 2, (left + width) // 2)
    planes = y[top : top + height, left : left + width], u[half], v[half]
    whole = np.concatenate([plane.reshape(-1, width) for plane in planes])
    return VideoFrame.from_ndarray(whole, format="yuv420p")


SCREEN_PREFIXES = ("marimo_", "dataformulator_", "napari_", "opencast_slides", "webrtc_")


def is_screen(file: Path) -> bool:
    """Whether a clip is known to show a screen, whose letters must not be scaled."""
    return file.name.startswith(SCREEN_PREFIXES)


def _from_rgb(rgb: np.ndarray) -> VideoFrame:
    """yuv420p of uint8 [h, w, 3], by BT.601."""
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
    return scaled(frame, frame.width, frame.height, "BICUBIC")


def _sized(planes: np.ndarray, size: Sequence[int], softness: float) -> VideoFrame:
    """yuv420p of a size made of uint8 [3, h, w] YUV; smaller in between where it is to be soft."""
    frame = VideoFrame.from_ndarray(np.ascontiguousarray(planes), format="yuv444p")
    if softness > 1:
        width, height = (round(side / softness / 2) * 2 for side in size)
        frame = scaled(frame, width, height, "BICUBIC")
    return scaled(frame, size[0], size[1], "BICUBIC")
