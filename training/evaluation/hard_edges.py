"""Hard edges on the codec's grid, as around tiles and bars: does a method leave them hard, whatever their coding?"""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import av
import numpy as np
from av import VideoFrame
from av.video.stream import VideoStream

SIDE = 256
NEAR_PX = 4
"""On both sides of the edge: where the error is measured."""
LUMAS = ((24, 232), (16, 120), (232, 40), (0, 60))
"""Of the bar, and the mean of what lies beside it."""
CODINGS = {"libx264": (23, 28, 33, 38), "libx265": (28, 36), "libsvtav1": (35, 50), "libvpx-vp9": (44,)}
"""Constant rate factors by encoder, from a good recorder to a poor one."""
_OPTIONS = {
    "libx264": {"preset": "veryfast"},
    "libx265": {"preset": "ultrafast", "x265-params": "log-level=none:pools=none"},
    "libsvtav1": {"preset": "10", "svtav1-params": "lp=1"},
    "libvpx-vp9": {"b": "0", "deadline": "realtime", "cpu-used": "6"},
}
PLACES = (96, 100, 104, 102, 97)
"""The edge's first row: on the grid of 8, of 4, and beside it."""


@dataclass(frozen=True)
class HardEdge:
    """One picture with an edge, uint8 [SIDE, SIDE] of luma."""

    sharp: np.ndarray
    soft: np.ndarray
    """After coding."""
    place: int
    encoder: str
    quality: int
    textured: bool

    def error(self, luma: np.ndarray) -> float:
        """Mean absolute difference from the original near the edge, in codes."""
        rows, inner = slice(self.place - NEAR_PX, self.place + NEAR_PX), slice(40, -40)
        return float(np.abs(luma[rows, inner].astype(int) - self.sharp[rows, inner]).mean())


def hard_edges() -> Iterator[HardEdge]:
    """The pictures, always the same: a flat bar above something flat or textured, of several contrasts and places."""
    grain = _grain(np.random.default_rng(1))
    for textured in (False, True):
        for bar, other in LUMAS:
            for place in PLACES:
                sharp = np.full((SIDE, SIDE), bar, np.uint8)
                sharp[place:] = np.clip(other + grain[place:] * textured, 0, 255).round()
                for encoder, qualities in CODINGS.items():
                    for quality in qualities:
                        yield HardEdge(sharp, _coded(sharp, encoder, quality), place, encoder, quality, textured)


def growth(sharpen: Callable[[np.ndarray], np.ndarray], edges: list[HardEdge]) -> list[float]:
    """How much farther from the original each edge is than it was before, in codes; below 0: nearer."""
    return [edge.error(sharpen(edge.soft)) - edge.error(edge.soft) for edge in edges]


def _grain(rng: np.random.Generator) -> np.ndarray:
    """A texture whose spectrum falls as those of photographs do: float64 [SIDE, SIDE], standard deviation 15."""
    frequency = np.hypot(np.fft.fftfreq(SIDE)[:, None], np.fft.rfftfreq(SIDE)[None])
    grain = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(SIDE, SIDE))) / (frequency + 0.01) ** 1.5, s=(SIDE, SIDE))
    return grain / grain.std() * 15


def _coded(luma: np.ndarray, encoder: str, quality: int, pictures: int = 6) -> np.ndarray:
    """The last of some equal pictures after coding."""
    file = io.BytesIO()
    planes = np.vstack([luma, np.full((SIDE // 2, SIDE), 128, np.uint8)])
    with av.open(file, "w", format="matroska") as container:
        options = {"crf": str(quality), **_OPTIONS[encoder]}
        stream = container.add_stream(encoder, rate=25, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt, stream.thread_count = SIDE, SIDE, "yuv420p", 1
        for _ in range(pictures):
            container.mux(stream.encode(VideoFrame.from_ndarray(planes, "yuv420p")))
        container.mux(stream.encode())
    file.seek(0)
    with av.open(file, "r") as recorded:
        *_, last = recorded.decode(video=0)
    return last.to_ndarray()[:SIDE]
