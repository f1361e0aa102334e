"""Pictures side by side, each with its name above: as one picture, or as a video."""

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Self

import av
import numpy as np
from av.video.frame import VideoFrame
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from PIL import Image, ImageDraw, ImageFont

BAR_PX = 26
"""Height of the bar with a name."""
GAP_PX = 2
_BAR, _INK, _GAP = (24, 26, 30), (235, 237, 240), 24
_FONT_PX = 15
_BT709 = 1
"""In ITU-T H.273."""


def panels(pictures: Mapping[str, np.ndarray], zoom: int = 1) -> np.ndarray:
    """Pictures of one size, by name, beside each other: uint8 RGB [H, W, 3].

    Args:
        zoom: each pixel becomes a square of so many: doubled, not smoothed.
    """
    parts: list[np.ndarray] = []
    for name, picture in pictures.items():
        large = picture.repeat(zoom, axis=0).repeat(zoom, axis=1)
        if parts:
            parts.append(np.full((BAR_PX + large.shape[0], GAP_PX, 3), _GAP, np.uint8))
        parts.append(np.concatenate([_bar(name, large.shape[1]), large]))
    return np.concatenate(parts, axis=1)


def _bar(name: str, width: int) -> np.ndarray:
    image = Image.new("RGB", (width, BAR_PX), _BAR)
    font = ImageFont.load_default(_FONT_PX)
    ImageDraw.Draw(image).text((8, BAR_PX // 2), _shown(name), fill=_INK, font=font, anchor="lm")
    return np.asarray(image)


def _shown(name: str) -> str:
    """The font that comes with Pillow has few signs beside ASCII."""
    return name.replace("×", "x").encode("ascii", "replace").decode()


class PanelVideo:
    """A silent video of panels: H.264 in MP4, which browsers play.

    Args:
        rate: pictures per second, as far as the encoder wants to know it.
        tick: of the times that pictures are given, in seconds.
    """

    def __init__(self, path: Path, rate: Fraction, tick: Fraction) -> None:
        self._file = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._stream = self._file.add_stream("libx264", rate=rate, options={"crf": "16", "preset": "veryfast"})
        self._tick = tick
        self._begun = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._begun:
                self._file.mux(self._stream.encode(None))
        finally:
            self._file.close()

    def add(self, pictures: Mapping[str, np.ndarray], pts: int) -> None:
        """Adds a picture of panels, shown from `pts` on."""
        whole = panels(pictures)
        height, width = (side - side % 2 for side in whole.shape[:2])
        if not self._begun:
            self._begin(self._stream, width, height)
        frame = VideoFrame.from_ndarray(np.ascontiguousarray(whole[:height, :width]), format="rgb24")
        frame = frame.reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG, threads=1
        )
        frame.pts, frame.time_base = pts, self._tick
        self._file.mux(self._stream.encode(frame))

    def _begin(self, stream: VideoStream, width: int, height: int) -> None:
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        context = stream.codec_context
        context.time_base = self._tick
        context.colorspace = context.color_primaries = context.color_trc = _BT709
        context.color_range = ColorRange.MPEG
        self._begun = True
