"""Memory that planes pass through on their way to a device and back: page-locked here, kept, and used again.

Only from page-locked memory does a copy run beside the GPU's other work. To lock pages takes the driver long, so it is
done once for each place and not for each frame. A batch lies in one piece, so that one copy moves all of it, as the
integers that it is: a quarter of the bytes of floats.
"""

from dataclasses import dataclass
from itertools import accumulate
from math import prod
from typing import Any

import numpy as np
import torch
from torch import Tensor

from .lanes import Lanes

_ALIGN = 512
"""Bytes; where GPUs like arrays to begin."""


@dataclass(frozen=True)
class Layout:
    """Places of the planes of a batch in one piece of memory."""

    shapes: tuple[tuple[int, ...], ...]
    """One for each plane: [N, H, W], or of any other dimensions."""
    dtype: np.dtype[Any]
    """uint8 or uint16."""

    @property
    def starts(self) -> list[int]:
        """In bytes; the last one is where the piece ends."""
        sizes = (prod(shape) * self.dtype.itemsize for shape in self.shapes)
        return list(accumulate((size + -size % _ALIGN for size in sizes), initial=0))

    def tensors(self, memory: Tensor) -> list[Tensor]:
        """Views of uint8 [bytes] as planes: uint8, or int16 with the bits of uint16, of which torch knows little."""
        kind = torch.uint8 if self.dtype == np.uint8 else torch.int16
        places = zip(self.starts, self.shapes, strict=False)
        size = self.dtype.itemsize
        return [memory[at : at + prod(shape) * size].view(kind).view(shape) for at, shape in places]

    def arrays(self, memory: Tensor) -> list[np.ndarray]:
        """The same planes as arrays of `dtype`; `memory` is this machine's."""
        return [tensor.numpy().view(self.dtype) for tensor in self.tensors(memory)]


class Staging:
    """Memory for one batch: given and made, each here and on the device. Grows to the largest batch."""

    def __init__(self) -> None:
        self.given_here = self.given_there = self.made_there = self.made_here = torch.empty(0, dtype=torch.uint8)

    def fit(self, given: int, made: int, lanes: Lanes) -> None:
        """Makes room for so many bytes each. Nothing may be under way in the memory that is there.

        The device's memory is taken by the stream that computes. Who had it before may still be at work on it there, so
        the stream that pictures go up in waits for that. Where a batch is given up while it is on its way, nobody gets
        its memory before it is done with: the stream that computes has waited for what goes up, and of what comes down
        the allocator is told.
        """
        if given > self.given_here.numel() or made > self.made_here.numel():
            given, made = max(given, self.given_here.numel()), max(made, self.made_here.numel())
            self.__init__()  # what is there goes first
            with lanes.work.after():
                here, there = (
                    [lanes.here(size) for size in (given, made)],
                    [lanes.there(size) for size in (given, made)],
                )
            lanes.down.uses(there[1])
            with lanes.up.after(lanes.work.mark()):
                pass
            self.given_here, self.made_here = here
            self.given_there, self.made_there = there


def as_float(codes: Tensor) -> Tensor:
    """uint8, or int16 with the bits of uint16, as float32 of the same values."""
    return codes.float() if codes.dtype == torch.uint8 else (codes.to(torch.int32) & 0xFFFF).float()


def codes_like(codes: Tensor, given: Tensor) -> Tensor:
    """int32 codes as the type of `given`: uint8, or int16 with the bits of uint16."""
    if given.dtype == torch.uint8:
        return codes.to(torch.uint8)
    return torch.where(codes > 0x7FFF, codes - 0x10000, codes).to(torch.int16)
