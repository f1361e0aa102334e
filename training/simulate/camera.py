"""A camera's effect on a picture before it is sent: exposure, which the sharp picture shares, focus and noise."""

import math

import numpy as np
from av import VideoFrame

from .composition import frame_of
from .parameters import Camera
from .scaling import scaled


def exposed(frame: VideoFrame, camera: Camera, number: int) -> VideoFrame:
    """The picture as bright as auto-exposure has it at that moment: the sharp picture of the pair."""
    if not camera.exposure:
        return frame
    gain = 1 - camera.exposure * (1 - math.cos(2 * math.pi * number / camera.exposure_period)) / 2
    levels = np.arange(256)
    black = 16 if frame.color_range != 2 else 0
    brightness = np.clip(np.round(black + (levels - black) * gain), 0, 255).astype(np.uint8)
    colour = np.clip(np.round(128 + (levels - 128) * gain), 0, 255).astype(np.uint8)
    luma, chroma = _planes(frame)
    return frame_of(brightness[luma], colour[chroma], like=frame)


def seen(frame: VideoFrame, camera: Camera, number: int, seed: int) -> VideoFrame:
    """The exposed picture out of focus and with noise: what is sent."""
    if camera.focus > 1:
        width, height = frame.width, frame.height
        small = max(round(width / camera.focus), 2), max(round(height / camera.focus), 2)
        frame = scaled(scaled(frame, *small, "BILINEAR"), width, height, "BILINEAR")
    if camera.noise:
        luma, chroma = _planes(frame)
        rng = np.random.default_rng([seed & 0xFFFFFFFF, number])
        noise = np.round(rng.standard_normal(luma.shape, np.float32) * np.float32(camera.noise)).astype(np.int16)
        frame = frame_of(np.clip(luma + noise, 0, 255).astype(np.uint8), chroma, like=frame)
    return frame


def _planes(frame: VideoFrame) -> tuple[np.ndarray, np.ndarray]:
    """Luma [H, W] and chroma [2, H/2, W/2] (rounded up) of a yuv420p frame, uint8."""
    luma, u, v = (
        np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]
        for plane in frame.planes
    )
    return luma, np.stack([u, v])
