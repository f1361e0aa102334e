"""The demo recording: a sharp video call made from the photos that come with scikit-image, so it needs no download."""

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from PIL import Image, ImageDraw, ImageFont
from skimage import data

_DESIGN = (1280, 720)
"""The layout below is drawn for this size in px and scaled to the one asked for."""
_RATE = 48000
_TURN_SECONDS = 2.8
"""How long one person speaks."""
_SLIDE_SECONDS = 3.5
_SYLLABLES_PER_SECOND = 4.2
_BACKDROP = (27, 29, 34)
_ACCENT = (88, 196, 120)

Box = tuple[int, int, int, int]
"""Left, top, width and height in px."""


@dataclass(frozen=True)
class _Person:
    name: str
    photo: str
    """Name of a function of skimage.data."""
    focus: tuple[float, float]
    """Point that stays in the tile, as shares of the photo's width and height."""
    box: Box
    hertz: float
    """Pitch of the voice; 0 for those who only listen."""
    camera_fps: float = math.inf
    """Pictures that the camera sends per second, if fewer than the recording; 0 for a still one."""


_PEOPLE = (
    _Person("Ada", "astronaut", (0.45, 0.24), (878, 18, 384, 216), 205.0),
    _Person("Max", "camera", (0.45, 0.32), (878, 252, 384, 216), 118.0),
    _Person("Chelsea", "cat", (0.50, 0.42), (878, 486, 384, 216), 262.0),
    _Person("Coffee corner", "coffee", (0.50, 0.55), (18, 510, 341, 192), 0.0, 10),
    _Person("Launch site", "rocket", (0.50, 0.45), (377, 510, 341, 192), 0.0, 0),
)
_SLIDE: Box = (18, 18, 842, 474)
_INITIALS: Box = (736, 510, 124, 192)


def make_sample_call(
    path: Path, *, seconds: float = 10, size: tuple[int, int] = (1280, 720), fps: int = 30, seed: int = 0
) -> Path:
    """Write an MP4 of a meeting to `path` and return it: five cameras, slides, a moving speaker frame and voices.

    H.264 at CRF 12, BT.709 limited range, even `size` in px; AAC stereo at 48 kHz. Frames are made one at a time.
    """
    if seconds <= 0 or fps <= 0:
        raise ValueError(f"a call lasts more than 0 s at more than 0 fps, not {seconds} s at {fps} fps")
    if min(size) < 64 or size[0] % 2 or size[1] % 2:
        raise ValueError(f"size must be even and at least 64x64 px, not {size[0]}x{size[1]}")
    frames = max(1, round(seconds * fps))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        _write(part, frames, size, fps, seed)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _write(path: Path, frames: int, size: tuple[int, int], fps: int, seed: int) -> None:
    scene = _Scene(size, seed)
    voices = _voices(Fraction(frames, fps), seed)
    with av.open(str(path), "w", format="mp4", container_options={"movflags": "faststart"}) as out:
        out.metadata["title"] = "Sample call"
        video = out.add_stream(
            "libx264", rate=fps, width=size[0], height=size[1], options={"crf": "12", "preset": "veryfast"}
        )
        context = video.codec_context
        context.color_primaries = context.color_trc = context.colorspace = context.color_range = 1
        context.gop_size = 2 * fps
        sound = out.add_stream("aac", rate=_RATE, layout="stereo", bit_rate=128000)
        written = 0
        for number in range(frames):
            picture = VideoFrame.from_ndarray(scene.draw(number / fps), format="rgb24")
            frame = picture.reformat(
                format="yuv420p",
                src_color_range="JPEG",
                dst_color_range="MPEG",
                dst_colorspace="ITU709",
                threads=1,
            )
            frame.pts, frame.time_base = number, Fraction(1, fps)
            out.mux(video.encode(frame))
            while written * fps <= (number + 1) * _RATE:
                block = next(voices, None)
                if block is None:
                    break
                tone = AudioFrame.from_ndarray(block, format="fltp", layout="stereo")
                tone.sample_rate, tone.pts, tone.time_base = _RATE, written, Fraction(1, _RATE)
                written += block.shape[1]
                out.mux(sound.encode(tone))
        out.mux(video.encode(None))
        out.mux(sound.encode(None))


# --- Picture ----------------------------------------------------------------------------------------------------------


class _Scene:
    """Everything that stands still, drawn once; `draw` adds what moves."""

    def __init__(self, size: tuple[int, int], seed: int) -> None:
        self._size = size
        rng = np.random.default_rng(seed)
        self._slides = [self._with_slide(number) for number in range(3)]
        self._first_slide = int(rng.integers(len(self._slides)))
        self._tiles = [_Tile(person, self._box(person.box), rng) for person in _PEOPLE]

    def _box(self, box: Box) -> Box:
        """A box of the layout in px of this recording."""
        across, down = self._size[0] / _DESIGN[0], self._size[1] / _DESIGN[1]
        left, top = round(box[0] * across), round(box[1] * down)
        return left, top, round((box[0] + box[2]) * across) - left, round((box[1] + box[3]) * down) - top

    def _with_slide(self, number: int) -> np.ndarray:
        canvas = Image.new("RGB", self._size, _BACKDROP)
        left, top, width, height = self._box(_SLIDE)
        canvas.paste(_slide(number, (width, height)), (left, top))
        left, top, width, height = self._box(_INITIALS)
        draw = ImageDraw.Draw(canvas)
        draw.rectangle((left, top, left + width - 1, top + height - 1), fill=(44, 47, 54))
        radius = min(width, height) * 0.3
        middle = (left + width / 2, top + height / 2)
        draw.circle(middle, radius, fill=(108, 92, 190))
        draw.text(middle, "KL", fill="white", font=ImageFont.load_default(max(8, radius * 0.8)), anchor="mm")
        return np.asarray(canvas)

    def draw(self, time_s: float) -> np.ndarray:
        """The picture at `time_s`: uint8 RGB, [height, width, 3]."""
        slide = (self._first_slide + int(time_s / _SLIDE_SECONDS)) % len(self._slides)
        picture = self._slides[slide].copy()
        speaker = _speaker(time_s)
        for number, tile in enumerate(self._tiles):
            left, top, width, height = tile.box
            picture[top : top + height, left : left + width] = tile.draw(time_s)
            if number == speaker:
                _frame(picture, tile.box, max(1, round(4 * self._size[0] / _DESIGN[0])))
        return picture


class _Tile:
    """One camera: a photo that drifts by fractions of a pixel, as a head or a hand-held phone does, and a name."""

    def __init__(self, person: _Person, box: Box, rng: np.random.Generator) -> None:
        self.box = box
        self._camera_fps = person.camera_fps
        self._shown: tuple[float, np.ndarray] = (math.nan, np.empty(0))
        _, _, width, height = box
        self._margin = max(2, round(width * 0.04))
        """Spare px on every side of the photo, for the drift."""
        room = (width + 2 * self._margin, height + 2 * self._margin)
        self._photo = _crop(person.photo, person.focus, room)
        self._phases = rng.uniform(0, 2 * math.pi, 5)
        self._label, self._cover = _label(person.name, height)

    def draw(self, time_s: float) -> np.ndarray:
        """The tile at `time_s`: uint8 RGB, [height, width, 3]."""
        if self._camera_fps == 0:
            taken = 0.0
        elif math.isinf(self._camera_fps):
            taken = time_s
        else:
            taken = math.floor(time_s * self._camera_fps + 1e-6) / self._camera_fps
        if self._shown[0] != taken:
            self._shown = (taken, self._drift(taken))
        return self._shown[1]

    def _drift(self, time_s: float) -> np.ndarray:
        _, _, width, height = self.box
        a, b, c, d, e = self._phases
        reach = self._margin * 0.45
        right = reach * (0.7 * math.sin(0.9 * time_s + a) + 0.3 * math.sin(2.3 * time_s + b))
        down = reach * (0.5 * math.sin(1.1 * time_s + c) + 0.4 * math.sin(2.9 * time_s + d))
        scale = 1 / (1 + 0.012 * math.sin(0.7 * time_s + e))
        turn = 0.008 * math.sin(0.8 * time_s + b)
        # Output to input coordinates: turn and zoom about the middle of the tile, then shift.
        cos, sin = scale * math.cos(turn), scale * math.sin(turn)
        x, y = width / 2, height / 2
        left = x + self._margin + right - cos * x + sin * y
        top = y + self._margin + down - sin * x - cos * y
        moved = self._photo.transform(
            (width, height), Image.Transform.AFFINE, (cos, -sin, left, sin, cos, top), Image.Resampling.BICUBIC
        ).convert("RGB")
        moved.paste(self._label, (0, height - self._label.height), self._cover)
        return np.asarray(moved)


def _crop(photo: str, focus: tuple[float, float], size: tuple[int, int]) -> Image.Image:
    """The part of a photo around `focus` that has the shape of `size`, scaled down to it; grey stays grey."""
    pixels = np.asarray(getattr(data, photo)())
    image = Image.fromarray(pixels)
    shape = min(image.width / size[0], image.height / size[1])
    width, height = size[0] * shape, size[1] * shape
    left = min(max(focus[0] * image.width - width / 2, 0), image.width - width)
    top = min(max(focus[1] * image.height - height / 2, 0), image.height - height)
    return image.resize(size, Image.Resampling.LANCZOS, box=(left, top, left + width, top + height))


def _label(name: str, tile_height: int) -> tuple[Image.Image, Image.Image]:
    """A name plate, and its opacity."""
    font = ImageFont.load_default(max(7, tile_height * 0.075))
    pad = max(1, round(tile_height * 0.03))
    _, _, right, bottom = font.getbbox(name)
    size = (round(right) + 2 * pad, round(bottom) + 2 * pad)
    plate = Image.new("RGB", size, (16, 17, 20))
    cover = Image.new("L", size, 176)
    ImageDraw.Draw(plate).text((pad, pad), name, fill="white", font=font)
    ImageDraw.Draw(cover).text((pad, pad), name, fill=255, font=font)
    return plate, cover


def _frame(picture: np.ndarray, box: Box, thickness: int) -> None:
    left, top, width, height = box
    tile = picture[top : top + height, left : left + width]
    for edge in (tile[:thickness], tile[-thickness:], tile[:, :thickness], tile[:, -thickness:]):
        edge[...] = _ACCENT


_TITLES = ("Open day at the museum", "New in the collection", "Cake for the open day")
_PROGRAMME = (
    ("Doors open at nine", "Ada has the key, Max the spare one"),
    ("A tour every half hour", "meet at the stairs, groups of fifteen"),
    ("Workshop for children", "paper rockets, ages six and up"),
    ("Tea room stays open late", "last orders at seven"),
)
_NOTES = (
    ("Given by a neighbour", "two owners, one garage"),
    ("Runs on Sundays", "and on petrol, sadly"),
    ("Needs a new seat", "ask the upholsterer"),
    ("Goes into hall 2", "next to the steam engine"),
    ("Label by Friday", "forty words, no jargon"),
)
_RECIPE = (("for twelve", "grams", "cups"), ("flour", "375", "3"), ("sugar", "250", "1 1/4"), ("butter", "225", "1"))


def _slide(number: int, size: tuple[int, int]) -> Image.Image:
    """One of three slides: bullets with a chart, a photo with notes, a table with a scanned page."""
    width, height = size
    slide = Image.new("RGB", size, (250, 250, 248))
    draw = ImageDraw.Draw(slide)
    ink, grey = (30, 34, 42), (110, 116, 128)

    def text(x: float, y: float, words: str, share: float, fill: tuple[int, int, int] = ink) -> None:
        draw.text((x * width, y * height), words, fill=fill, font=ImageFont.load_default(max(6, share * height)))

    def photo(pixels: np.ndarray, x: float, y: float, share: float) -> None:
        image = Image.fromarray(pixels).convert("RGB")
        spot = (round(share * width), round(share * width * image.height / image.width))
        slide.paste(image.resize(spot, Image.Resampling.LANCZOS), (round(x * width), round(y * height)))

    text(0.05, 0.06, _TITLES[number], 0.085)
    draw.rectangle((0.05 * width, 0.185 * height, 0.17 * width, 0.195 * height), fill=_ACCENT)
    text(0.05, 0.925, f"Planning meeting   {number + 1} / 3", 0.035, grey)
    if number == 0:
        for row, (words, note) in enumerate(_PROGRAMME):
            y = 0.27 + 0.145 * row
            draw.circle((0.063 * width, (y + 0.032) * height), 0.012 * height, fill=_ACCENT)
            text(0.085, y, words, 0.052)
            text(0.085, y + 0.065, note, 0.03, grey)
        for bar, value in enumerate((0.22, 0.31, 0.28, 0.44, 0.52)):
            x = 0.60 + 0.07 * bar
            shade = (58 + 12 * bar, 120 + 16 * bar, 200)
            draw.rectangle((x * width, (0.84 - value) * height, (x + 0.05) * width, 0.84 * height), fill=shade)
            text(x + 0.008, 0.85, f"{bar + 10} h", 0.03, grey)
        draw.line((0.58 * width, 0.84 * height, 0.95 * width, 0.84 * height), fill=ink, width=max(1, height // 240))
    elif number == 1:
        photo(data.stereo_motorcycle()[0], 0.05, 0.25, 0.54)
        for row, (words, note) in enumerate(_NOTES):
            text(0.63, 0.25 + 0.13 * row, words, 0.05)
            text(0.63, 0.315 + 0.13 * row, note, 0.028, grey)
    else:
        for row, cells in enumerate(_RECIPE):
            y = 0.26 + 0.1 * row
            for column, cell in enumerate(cells):
                text(0.05 + 0.16 * column, y, cell, 0.045, grey if row == 0 else ink)
            draw.line((0.05 * width, (y + 0.075) * height, 0.5 * width, (y + 0.075) * height), fill=(214, 216, 220))
        photo(np.asarray(data.page()), 0.55, 0.27, 0.4)
        for row, words in enumerate(("Bake for 45 minutes at 180 °C.", "Do not serve near the exhibits.")):
            text(0.05, 0.72 + 0.07 * row, words, 0.045)
    return slide


# --- Sound ------------------------------------------------------------------------------------------------------------


def _speaker(time_s: float) -> int:
    """Who speaks at that time, as an index of _PEOPLE."""
    talkers = [number for number, person in enumerate(_PEOPLE) if person.hertz]
    return talkers[int(time_s / _TURN_SECONDS) % len(talkers)]


_VOWELS_HZ = ((730, 1090, 2440), (530, 1840, 2480), (270, 2290, 3010), (570, 840, 2410), (300, 870, 2240))
"""The first three formants of five vowels (Peterson and Barney 1952, men)."""


def _voices(length_s: Fraction, seed: int) -> Iterator[np.ndarray]:
    """Voice-like sound of the current speaker in blocks of half a second: float32, [2, samples].

    Harmonics under a vowel's formants, one vowel per syllable. Loudness is 0 wherever vowel or speaker change, so that
    blocks can be computed on their own without clicks.
    """
    samples = int(length_s * _RATE)
    rng = np.random.default_rng(seed)
    syllables = int(length_s * _SYLLABLES_PER_SECOND) + 2
    loudness = rng.uniform(0.4, 1.0, syllables) * (rng.uniform(0, 1, syllables) > 0.15)
    vowels = rng.integers(len(_VOWELS_HZ), size=syllables)
    for start in range(0, samples, _RATE // 2):
        clock = np.arange(start, min(start + _RATE // 2, samples)) / _RATE
        beat = clock * _SYLLABLES_PER_SECOND
        syllable = beat.astype(int)
        turn = clock / _TURN_SECONDS
        envelope = np.sin(np.pi * (beat - syllable)) ** 1.5 * loudness[syllable]
        envelope *= np.minimum(1, 12 * np.sin(np.pi * (turn - np.floor(turn))))
        people = np.array([_speaker(time_s) for time_s in clock[:: _RATE // 100]])
        people = np.repeat(people, _RATE // 100)[: len(clock)]
        pitch = np.array([person.hertz for person in _PEOPLE])[people]
        # The integral of a pitch that wavers by 4 % at 0.7 Hz.
        cycles = pitch * (clock - 0.04 / (2 * np.pi * 0.7) * np.cos(2 * np.pi * 0.7 * clock))
        wave = np.zeros_like(clock)
        formants = np.array(_VOWELS_HZ, float)[vowels[syllable]]
        for harmonic in range(1, 17):
            distance = (harmonic * pitch[:, None] - formants) / (90 + 0.06 * formants)
            wave += (np.exp(-0.5 * distance**2).sum(axis=1) + 0.08) / harmonic * np.sin(2 * np.pi * harmonic * cycles)
        wave *= 0.25 * envelope
        side = (people - 1) * 0.15
        yield np.stack([wave * (1 - side), wave * (1 + side)]).astype(np.float32)
