"""Surfaces: pictures as a GPU's decoder and encoder store them, NV12 or P010, to planes of codes and back.

A surface has a plane of luma [H, W] and one of chroma [H/2, W/2, 2], Cb beside Cr, with rows that may be padded; P010
holds its codes in the high bits. A decoder has few surfaces: what they hold is copied out at once. All of this happens
in the stream that decoders and encoders work in, and is waited for: whoever has planes need not ask when they come.
"""

from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.dlpack import from_dlpack

from .faults import in_words
from .lanes import Mark
from .on_gpu import OnGpu
from .staging import codes_like

T = TypeVar("T")

_ROW = 256
"""Rows begin at multiples of so many bytes, as in the surfaces of decoders."""


class DlpackPlane(Protocol):
    """A plane of a surface, as PyAV has it."""

    def __dlpack__(self, *, stream: int | None = None) -> object: ...


def copied_out(way: OnGpu, surface: Sequence[DlpackPlane], depth: int) -> list[Tensor]:
    """A surface's planes Y, Cb and Cr in memory of their own, on the device: [H, W] and twice [H/2, W/2], uint8, or
    int16 with the codes in the low bits. The surface is not needed any more when this returns.

    Args:
        surface: its luma and chroma, both on the device.
        depth: bits of a code, 8 to 16.

    Raises:
        DeviceError: the GPU has not enough memory.
        GpuLost: it has failed.
    """

    def copies() -> list[Tensor]:
        # A capsule, and not the plane: torch would ask for it in a stream, which PyAV refuses.
        luma, chroma = (from_dlpack(plane.__dlpack__()) for plane in surface)
        parts = (luma, chroma[..., 0], chroma[..., 1])
        if luma.dtype == torch.uint8:
            return [part.clone(memory_format=torch.contiguous_format) for part in parts]
        codes = ((part.view(torch.int16).to(torch.int32) & 0xFFFF) >> (16 - depth) for part in parts)
        return [each.to(torch.int16) for each in codes]

    return _made(way, copies)


def laid_out(way: OnGpu, planes: Sequence[Tensor], depth: int) -> tuple[Tensor, Tensor]:
    """Luma and chroma of a surface that holds these planes: uint8 or uint16. Both lie in one piece of memory, one
    behind the other, since NVENC is only told where the first one is.

    Args:
        planes: as `copied_out` gives them; height and width are even.

    Raises:
        DeviceError, GpuLost: as there.
    """

    def surface() -> tuple[Tensor, Tensor]:
        (height, width), size = planes[0].shape, planes[0].element_size()
        pitch = width * size + -(width * size) % _ROW
        codes, row = way.lanes.for_encoders(pitch * height * 3 // 2).view(planes[0].dtype), pitch // size
        luma = codes.as_strided((height, width), (row, 1))
        chroma = codes.as_strided((height // 2, width // 2, 2), (row, 2, 1), height * row)
        for target, plane in zip((luma, chroma[..., 0], chroma[..., 1]), planes, strict=True):
            target.copy_(plane if size == 1 else codes_like(plane.to(torch.int32) << (16 - depth), plane))
        return (luma, chroma) if size == 1 else (luma.view(torch.uint16), chroma.view(torch.uint16))

    return _made(way, surface)


def arrays(planes: Sequence[Tensor]) -> list[np.ndarray]:
    """Planes on the device as arrays of this machine's memory: uint8 or uint16 [H, W]."""
    here = (plane.cpu().numpy() for plane in planes)
    return [plane if plane.dtype == np.uint8 else plane.view(np.uint16) for plane in here]


def _made(way: OnGpu, make: Callable[[], T]) -> T:
    """What is made on the device; it is there when this returns."""
    lanes = way.lanes

    def ask() -> tuple[T, Mark | None]:
        with in_words("another frame"), torch.inference_mode(), lanes.codecs.after():
            return make(), lanes.codecs.mark()

    made, mark = way.thread.submit(ask).result()
    if mark is not None:
        with in_words("another frame"):
            mark.synchronize()
    return made
