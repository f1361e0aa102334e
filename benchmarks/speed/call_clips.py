"""Recordings of calls in 1080p, made of short clips of people: what a meeting recorder writes, for benchmarks."""

from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
from av.video.frame import VideoFrame
from PIL import Image, ImageDraw, ImageFont
from vidsharp.training.simulate.call import before_recorder
from vidsharp.training.simulate.draw import draw_parameters

RECORDER = {"preset": "veryfast", "crf": "21"}
WIDTH, HEIGHT, FPS = 1920, 1080, 25
PEOPLE = (
    "eval/liveportrait_s18.mp4",
    "eval/pyfeat_single_face.mp4",
    "eval/sadtalker_KatieHill.mp4",
    "eval/video-retalking_4.mp4",
    "train/clips/whitehouse_3.mp4",
    "train/clips/asl_A_help.mkv",
)
KINDS = ("gallery", "filled", "slides", "speaker")
"""Six people in 16:9 with bars above and below; six that fill the picture; slides with a small face; one person."""


def record(data: Path, kind: str, path: Path, frames: int) -> None:
    """Writes a recording of a kind: each person comes over a low-bandwidth link, the whole is recorded at CRF 21."""
    boxes = {
        "gallery": [(180 + 360 * row, 640 * column, 360, 640) for row in (0, 1) for column in (0, 1, 2)],
        "filled": [(540 * row, 640 * column, 540, 640) for row in (0, 1) for column in (0, 1, 2)],
        "slides": [(24, 1576, 180, 320)],
        "speaker": [(0, 0, HEIGHT, WIDTH)],
    }[kind]
    lines = [
        _line(data / PEOPLE[number], height, width, number, frames)
        for number, (_, _, height, width) in enumerate(boxes)
    ]
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=FPS, options=dict(RECORDER))
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(frames):
            canvas = _slide(number * 3 // frames) if kind == "slides" else np.zeros((HEIGHT, WIDTH, 3), np.uint8)
            for line, (top, left, height, width) in zip(lines, boxes, strict=True):
                canvas[top : top + height, left : left + width] = next(line).to_ndarray(format="rgb24", threads=1)
            out.mux(stream.encode(VideoFrame.from_ndarray(canvas, format="rgb24")))
        out.mux(stream.encode(None))


def _line(path: Path, height: int, width: int, seed: int, frames: int) -> Iterator[VideoFrame]:
    """A person, cut to shape, as the others see it."""
    people = ((frame, frame) for frame in _person(path, height, width, frames))
    pictures = before_recorder(people, draw_parameters("medium", seed), FPS)
    return (picture.soft for picture in pictures)


def _person(path: Path, height: int, width: int, frames: int) -> Iterator[VideoFrame]:
    """The middle of a clip's pictures in yuv420p; from the start again where it is too short."""
    count = 0
    while count < frames:
        with av.open(str(path)) as clip:
            for frame in clip.decode(video=0):
                rgb = frame.to_ndarray(format="rgb24", threads=1)
                high, wide = (
                    min(rgb.shape[0], rgb.shape[1] * height // width),
                    min(rgb.shape[1], rgb.shape[0] * width // height),
                )
                top, left = (rgb.shape[0] - high) // 2, (rgb.shape[1] - wide) // 2
                cut = np.array(rgb[top : top + high, left : left + wide], np.uint8)
                made = VideoFrame.from_ndarray(cut, format="rgb24").reformat(width, height, "yuv420p", threads=1)
                made.pts = count
                yield made
                count += 1
                if count == frames:
                    return


def _slide(number: int) -> np.ndarray:
    """uint8 [1080, 1920, 3]: a page of text and a chart, another one for each number."""
    page = Image.new("RGB", (WIDTH, HEIGHT), "white")
    draw = ImageDraw.Draw(page)
    draw.text((80, 60), f"Results, part {number + 1}", fill="black", font=ImageFont.load_default(72))
    for line in range(8):
        draw.text(
            (100, 220 + 64 * line), f"•  point {line + 1} of page {number + 1}", "black", ImageFont.load_default(40)
        )
    for bar in range(12):
        high = 80 + (bar * 53 + number * 97) % 400
        draw.rectangle((900 + 70 * bar, 900 - high, 950 + 70 * bar, 900), fill=(40, 90, 60 + 15 * bar))
    return np.asarray(page).copy()
