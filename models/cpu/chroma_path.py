"""The chroma student at work beside a luma student: a picture's planes go in, Cb and Cr come back, on the CPU by torch.

It is guided by luma as it came, as it was trained: its answer does not depend on which student sharpens luma.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from ..nets.catalogue import chroma_digest
from ..nets.chroma import ChromaStudent, load_chroma
from ..planes.plane_format import PlaneFormat
from ..sequence.parts import WindowedParts
from .restore_chroma import Factors, Shape, exact_factors, restore_chroma, strip_shapes, subsampling
from .same_bits import SameBits


class ChromaPath:
    """The chroma student, for pictures of any subsampling."""

    def __init__(self, strength: float, net: ChromaStudent | None = None) -> None:
        """Args:
        strength: S in out = in + S · (restored − in).
        net: None: the one that ships.
        """
        self._net, self._strength = load_chroma() if net is None else net.eval(), strength
        self._on_grids: dict[Factors | None, ChromaOnGrid] = {}

    @property
    def provenance(self) -> Mapping[str, str]:
        """As `Enhancer.provenance`."""
        vectors = torch.backends.cpu.get_cpu_capability()
        return {"chroma": f"sha256:{chroma_digest()}", "chroma by": f"torch {torch.__version__}, cpu, {vectors}"}

    def planes(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> list[np.ndarray]:
        """[Cb, Cr] as `restore_chroma` gives them; an empty list for a monochrome picture.

        Raises:
            ModelError: as there.
        """
        return restore_chroma(planes, fmt, self._net, self._strength)

    def on_grid_of(self, planes: Sequence[np.ndarray]) -> "ChromaOnGrid":
        """The restorer of pictures with the subsampling of [Y, Cb, Cr].

        Raises:
            ModelError: the shapes fit none.
        """
        factors = exact_factors(planes[0].shape, planes[1].shape)
        if factors not in self._on_grids:
            guessed = subsampling(planes[0].shape, planes[1].shape)
            self._on_grids[factors] = ChromaOnGrid(self, self._net, self._strength, guessed, factors is not None)
        return self._on_grids[factors]


class ChromaOnGrid:
    """The chroma student on pictures of one subsampling, in `Enhancer`'s place where pictures are reused."""

    domain = "chroma"

    def __init__(
        self, path: ChromaPath, net: ChromaStudent, strength: float, factors: Factors, whole_samples: bool
    ) -> None:
        """Args:
        whole_samples: every sample of chroma has one of luma at least: pictures' halves are rounded up, not down.
        """
        self.strength, self._path, self._net, self._factors = strength, path, net, factors
        self.halo_px, self.align_px = max(net.halo_px(factors)), max(net.align_px(factors))
        self.tiles_exactly = whole_samples and max(factors) <= 2  # cells of luma are compared with cells half as large
        self._same_bits: tuple[Shape, SameBits] | None = None

    def seen(self, planes: Sequence[np.ndarray]) -> Sequence[np.ndarray]:
        """As `Enhancer.seen`."""
        return planes[:3]

    def parts(self) -> WindowedParts:
        """As `Enhancer.parts`."""
        return WindowedParts(self)

    def begin(
        self, planes: Sequence[np.ndarray], fmt: PlaneFormat, window: object = None
    ) -> Callable[[], list[np.ndarray | None]]:
        """As `Enhancer.begin`, of single pictures; the work is done at once."""
        made = self.planes(planes, fmt)
        return lambda: made

    def planes(self, planes: Sequence[np.ndarray], fmt: PlaneFormat, window: object = None) -> list[np.ndarray | None]:
        """As `Enhancer.planes`: luma, and alpha, stay as they are."""
        return [None, *self._path.planes(planes, fmt), *[None] * (len(planes) - 3)]

    def gives_frames_bits(self, window: Shape, frame: Shape) -> bool:
        """As `Enhancer.gives_frames_bits`."""
        if self._same_bits is None or self._same_bits[0] != frame:
            self._same_bits = frame, SameBits(self._forward, 3, self._net.halo_samples, self._shapes(frame))
        return all(self._same_bits[1].hold_for(strip) for strip in self._shapes(window))

    def _shapes(self, luma: Shape) -> set[Shape]:
        """The shapes in samples in which a picture of so many pixels is computed."""
        height, width = (-(-side // factor) for side, factor in zip(luma, self._factors, strict=True))
        return strip_shapes((height, width), self._net)

    def _forward(self, x: Tensor) -> Tensor:
        return self._net(x[:, 1:], x[:, :1])
