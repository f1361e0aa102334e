"""A GPU's decoder where there is none: frames as PyAV has them on CUDA, whose surfaces are few and lie in this
machine's memory. What they hold comes from FFmpeg's own decoder.

A surface is in use as long as anybody has its frame, or a tensor made of one of its planes. Who wants another one then
fails, and what a surface held is gone with its last user.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream
from torch import Tensor
from torch.multiprocessing.reductions import StorageWeakRef
from vidsharp.pipeline import gpu_decode
from vidsharp.pipeline.recording import open_recording

from tests.support import media

PITCH = 64
"""Bytes that rows are longer than their pictures."""
POISON = 0xA5
_FORMATS = {8: "nv12", 10: "p010le"}


class NoSurfaceLeft(AssertionError):
    """Somebody holds on to too many."""


class FakePlane:
    """A plane of a surface."""

    def __init__(self, tensor: Tensor) -> None:
        self._tensor = tensor

    def __dlpack__(self, *, stream: int | None = None) -> object:
        if stream is not None:
            raise NotImplementedError("CUDA stream synchronization is not supported.")
        return self._tensor.__dlpack__()

    def __getattr__(self, name: str) -> Any:
        raise TypeError(f"{name}: hardware frame planes do not support the Python buffer protocol")


class FakeFrame:
    """A frame on the GPU."""

    def __init__(self, frame: VideoFrame, planes: Sequence[Tensor], stored: str) -> None:
        self.width, self.height = frame.width, frame.height
        self.format, self.sw_format = SimpleNamespace(name="cuda"), SimpleNamespace(name=stored)
        self.pts, self.dts, self.duration, self.time_base = frame.pts, frame.dts, frame.duration, frame.time_base
        self.interlaced_frame, self.is_corrupt = frame.interlaced_frame, frame.is_corrupt
        self.color_range, self.colorspace = frame.color_range, frame.colorspace
        self.color_primaries, self.color_trc = frame.color_primaries, frame.color_trc
        self.side_data: Any = list(frame.side_data)
        self.planes = tuple(FakePlane(plane) for plane in planes)


class Surfaces:
    """So many surfaces, for all decoders together."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._used: list[tuple[np.ndarray, StorageWeakRef]] = []
        self.taken = 0
        """How often one was asked for."""

    def _release(self) -> None:
        for memory, holder in list(self._used):
            if holder.expired():
                memory.fill(POISON)
                self._used.remove((memory, holder))

    def hold(self, frame: VideoFrame) -> FakeFrame:
        """A frame's picture on a surface."""
        self._release()
        if len(self._used) >= self._count:
            raise NoSurfaceLeft(f"all {self._count} surfaces are in use")
        self.taken += 1
        planes, depth = media.planes(frame), frame.format.components[0].bits
        (height, width), size = planes[0].shape, planes[0].itemsize
        memory = np.full((height * 3 // 2, width * size + PITCH), POISON, np.uint8)
        rows = memory.view(planes[0].dtype)
        shift = 0 if depth == 8 else 16 - depth
        rows[:height, :width] = planes[0] << shift
        rows[height:, 0:width:2], rows[height:, 1:width:2] = planes[1] << shift, planes[2] << shift
        whole = torch.from_numpy(memory)
        self._used.append((memory, StorageWeakRef(whole.untyped_storage())))
        surface = whole if size == 1 else whole.view(torch.uint16)
        luma, chroma = surface[:height, :width], surface[height:, :width].unflatten(1, (width // 2, 2))
        return FakeFrame(frame, (luma, chroma), _FORMATS[depth])


class FakeNvdec:
    """A stream's decoder."""

    def __init__(self, decoder: VideoCodecContext, hold: Callable[[VideoFrame], Any]) -> None:
        object.__setattr__(self, "_decoder", decoder)
        object.__setattr__(self, "_hold", hold)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._decoder, name, value)  # type: ignore[attr-defined]

    def decode(self, packet: Packet | None) -> list[Any]:
        frames: list[VideoFrame] = self._decoder.decode(packet)  # type: ignore[attr-defined]
        return [self._hold(frame) for frame in frames]  # type: ignore[attr-defined]


Change = Callable[[int, Any], Any]
"""What becomes of a frame, by its number and as it came."""


def install(patch: pytest.MonkeyPatch, surfaces: Surfaces, change: Change = lambda number, frame: frame) -> None:
    """Has recordings that go to a GPU's decoder go to this one."""
    count = 0

    def hold(frame: VideoFrame) -> Any:
        nonlocal count
        count += 1
        return change(count - 1, surfaces.hold(frame))

    def decoder(stream: VideoStream) -> Any:
        return FakeNvdec(stream.codec_context, hold)

    patch.setattr(gpu_decode, "nvdec", lambda device: (open_recording, decoder))


def software(frame: Any, info_format: str = "yuv420p") -> Any:
    """A frame as FFmpeg gives it where the GPU refuses and its own decoder goes on."""
    made = VideoFrame(frame.width, frame.height, info_format)
    made.pts, made.dts, made.duration = frame.pts, frame.dts, frame.duration
    made.time_base = frame.time_base or Fraction(1, 30)
    return made


def with_(frame: Any, **attributes: Any) -> Any:
    """A frame that says something else of itself."""
    for name, value in attributes.items():
        setattr(frame, name, value)
    return frame
