"""Pictures that lie on the GPU already, as its decoder gives them, and whose answers stay there for its encoder.

They share kernels, sizes of batches and what is done about answers that are no numbers with pictures that come from
this machine's memory; so they get the same bits.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..planes.plane_format import PlaneFormat
from .batch import Batch, Way
from .lanes import Lanes
from .staging import Layout, Staging


class DeviceBatch(Batch):
    """A `Batch` of planes on the device: uint8, or int16 with the bits of uint16, finished before they are put in."""

    def __init__(self, way: Way, layout: Layout, made: Layout, fmt: PlaneFormat, staging: Staging) -> None:
        super().__init__(way, layout, made, fmt, staging)
        self._given: list[Sequence[Tensor]] = []
        self._answers: list[Tensor] = []

    @staticmethod
    def dtype_of(planes: Sequence[Any]) -> np.dtype[Any]:
        """As in `Batch`."""
        return np.dtype(np.uint8 if planes[0].dtype == torch.uint8 else np.uint16)

    def put(self, planes: Sequence[Any]) -> int:
        """Keeps a picture's planes, which nobody writes on any more; returns its place."""
        self._given.append(planes)
        self.count += 1
        return self.count - 1

    def fill(self) -> None:
        """It is done on the way up."""

    def go_up(self, lanes: Lanes) -> None:
        """As in `Batch`; the way is short."""
        for number, there in enumerate(self.layout.tensors(self.staging.given_there)):
            for place, planes in enumerate(self._given):
                lanes.up.uses(planes[number])
                there[place].copy_(planes[number])
            there[self.count :].zero_()

    def come_down(self, lanes: Lanes) -> None:
        """Copies the answers, since the memory that they lie in is used again; of them, only the flags leave the
        device."""
        answers = self.made.tensors(self.staging.made_there)
        self._answers = [answer.clone() for answer in answers if answer.dim() == 3]
        for flags, here in zip(answers, self.made.tensors(self.staging.made_here), strict=True):
            if flags.dim() == 1:
                here.copy_(flags, non_blocking=True)

    def _planes(self, place: int) -> list[Tensor]:
        return [answer[place] for answer in self._answers]
