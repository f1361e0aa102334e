"""The chroma student at work beside a luma student: a picture's planes go in, Cb and Cr come back, on the CPU.

It is guided by luma as it came, as it was trained: its answer does not depend on which student sharpens luma. The C
library does it where it can; torch is imported where it cannot.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ..fused.fused_chroma import FusedChroma
from ..nets.catalogue import CHROMA_WEIGHTS, chroma_digest
from ..nets.chroma_weights import read_chroma_weights
from ..planes.plane_format import PlaneFormat
from ..planes.subsampling import Factors, exact_factors, subsampling
from ..sequence.parts import WindowedParts

if TYPE_CHECKING:
    from ..nets.chroma import ChromaStudent

Shape = tuple[int, int]


class ChromaWay(Protocol):
    """A way to compute the chroma student's pictures, at one strength."""

    halo_samples: int
    """As `ChromaStudent.halo_samples`."""
    align_samples: int
    """As `ChromaStudent.align_samples`."""

    @property
    def provenance(self) -> str:
        """What computes it, as far as bits depend on that."""
        ...

    def planes(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> list[np.ndarray]:
        """[Cb, Cr] of [Y, Cb, Cr] (an alpha plane may follow); an empty list for a monochrome picture.

        Args:
            planes: uint8 or, above 8 bits, uint16, each [H, W], rows possibly padded. Never modified. Codes above the
                peak count as the peak.
            fmt: how their numbers are meant.

        Returns:
            New contiguous arrays of the same dtype and shape, rounded half up and clipped to 0..peak.

        Raises:
            ModelError: planes of another dtype than the bit depth says, or chroma of a shape that fits no subsampling.
        """
        ...

    def gives_frames_bits(self, window: Shape, frame: Shape) -> bool:
        """Whether windows of so many samples of chroma get the very bits that planes of that size get."""
        ...


class ChromaPath:
    """The chroma student, for pictures of any subsampling."""

    def __init__(
        self,
        strength: float,
        net: "ChromaStudent | None" = None,
        threads: int | None = None,
        *,
        plain: bool = False,
    ) -> None:
        """Args:
        strength: S in out = in + S · (restored − in).
        net: None: the one that ships.
        threads, plain: as `Enhancer` takes them.
        """
        self.strength, self._way = strength, _way(strength, net, threads, plain)
        self._on_grids: dict[Factors | None, ChromaOnGrid] = {}

    @property
    def provenance(self) -> Mapping[str, str]:
        """As `Enhancer.provenance`."""
        return {"chroma": f"sha256:{chroma_digest()}", "chroma by": self._way.provenance}

    def planes(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> list[np.ndarray]:
        """As `ChromaWay.planes`."""
        return self._way.planes(planes, fmt)

    def on_grid_of(self, planes: Sequence[np.ndarray]) -> "ChromaOnGrid":
        """The restorer of pictures with the subsampling of [Y, Cb, Cr].

        Raises:
            ModelError: the shapes fit none.
        """
        factors = exact_factors(planes[0].shape, planes[1].shape)
        if factors not in self._on_grids:
            guessed = subsampling(planes[0].shape, planes[1].shape)
            self._on_grids[factors] = ChromaOnGrid(self, self._way, guessed, factors is not None)
        return self._on_grids[factors]


def _way(strength: float, net: "ChromaStudent | None", threads: int | None, plain: bool) -> ChromaWay:
    if not plain:
        weights = read_chroma_weights(CHROMA_WEIGHTS) if net is None else net.as_arrays()
        if weights is not None and FusedChroma.takes(weights):
            return FusedChroma(weights, strength, threads)
    import torch

    from ..nets.chroma import load_chroma
    from .torch_chroma import TorchChroma

    if threads is not None:
        torch.set_num_threads(threads)
    return TorchChroma(load_chroma() if net is None else net, strength)


class ChromaOnGrid:
    """The chroma student on pictures of one subsampling, in `Enhancer`'s place where pictures are reused."""

    domain = "chroma"

    def __init__(self, path: ChromaPath, way: ChromaWay, factors: Factors, whole_samples: bool) -> None:
        """Args:
        whole_samples: every sample of chroma has one of luma at least: pictures' halves are rounded up, not down.
        """
        self.strength, self._path, self._way, self._factors = path.strength, path, way, factors
        self.halo_px, self.align_px = (max(factors) * samples for samples in (way.halo_samples, way.align_samples))
        self.tiles_exactly = whole_samples and max(factors) <= 2  # cells of luma are compared with cells half as large

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
        return self._way.gives_frames_bits(self._samples(window), self._samples(frame))

    def _samples(self, luma: Shape) -> Shape:
        """The samples of chroma in a picture of so many pixels."""
        down, across = self._factors
        return -(-luma[0] // down), -(-luma[1] // across)
