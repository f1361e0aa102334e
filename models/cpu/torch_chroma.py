"""The chroma student by torch, where the C library cannot do it."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from ..nets.chroma import ChromaStudent
from ..planes.plane_format import PlaneFormat
from .restore_chroma import Shape, restore_chroma, strip_shapes
from .same_bits import SameBits


class TorchChroma:
    """A `ChromaWay`."""

    def __init__(self, net: ChromaStudent, strength: float) -> None:
        self.halo_samples, self.align_samples = net.halo_samples, net.align_samples
        self._net, self._strength = net.eval(), strength
        self._same_bits: tuple[Shape, SameBits] | None = None

    @property
    def provenance(self) -> str:
        """As `ChromaWay.provenance`."""
        return f"torch {torch.__version__}, cpu, {torch.backends.cpu.get_cpu_capability()}"

    def planes(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> list[np.ndarray]:
        """As `ChromaWay.planes`."""
        return restore_chroma(planes, fmt, self._net, self._strength)

    def gives_frames_bits(self, window: Shape, frame: Shape) -> bool:
        """As `ChromaWay.gives_frames_bits`."""
        if self._same_bits is None or self._same_bits[0] != frame:
            shapes = strip_shapes(frame, self._net)
            self._same_bits = frame, SameBits(self._forward, 3, self.halo_samples, shapes)
        return all(self._same_bits[1].hold_for(strip) for strip in strip_shapes(window, self._net))

    def _forward(self, x: Tensor) -> Tensor:
        return self._net(x[:, 1:], x[:, :1])
