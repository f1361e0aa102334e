"""Small pictures that move, as yuv420p frames, for simulated calls."""

import numpy as np
from av import VideoFrame
from skimage import data
from vidsharp.training.simulate.scaling import scaled


def moving(count: int, width: int = 192, height: int = 128) -> list[VideoFrame]:
    """A slow pan over a photo: each picture differs from the one before."""
    photo = data.astronaut()
    frames = []
    for number in range(count):
        x, y = 60 + number % 90, 20 + number % 60
        view = np.ascontiguousarray(photo[y : y + height, x : x + width])
        frames.append(scaled(VideoFrame.from_ndarray(view, format="rgb24"), width, height, "BICUBIC"))
    return frames


def luma(frame: VideoFrame) -> np.ndarray:
    """uint8 [H, W]."""
    plane = frame.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)
    return rows[:, : plane.width].copy()


def psnr(a: VideoFrame, b: VideoFrame) -> float:
    """Of luma, in dB."""
    return float(10 * np.log10(255**2 / max(np.mean((luma(a).astype(float) - luma(b)) ** 2), 1e-6)))
