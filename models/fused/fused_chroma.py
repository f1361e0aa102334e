"""The chroma student on a picture's Cb and Cr, by the C library, without torch."""

from collections.abc import Sequence

import numpy as np

from ..cores import usable_cores
from ..nets.blend_weights import FACTOR
from ..nets.chroma_weights import ChromaWeights
from ..planes.plane_format import PlaneFormat
from ..planes.subsampling import Factors, check_planes, subsampling
from .blend_library import GUIDE_BITS, MOST_GUIDED, VERSION, Luma, write_guide
from .blend_packing import packed_chroma
from .fused_net import FusedNet, Plane, fits, in_rows, whole

_RADII = {2, 4, 8}
"""Those of guided filters that the library knows."""


class FusedChroma:
    """A `ChromaWay` without torch, whose bits are the same on all processors and for all windows."""

    def __init__(
        self, student: ChromaWeights, strength: float, threads: int | None = None, instructions: str | None = None
    ) -> None:
        """Args:
        strength: S in out = in + S · (restored − in).
        threads: that work on a picture; None: as many as there are cores.
        instructions: as `FusedNet` takes them.
        """
        self.halo_samples, self.align_samples = student.halo_samples, FACTOR
        self._student, self._strength, self._instructions = student, strength, instructions
        self._threads = threads or usable_cores()
        self._packed: dict[int, FusedNet] = {}

    @staticmethod
    def takes(student: ChromaWeights) -> bool:
        """As `FusedBlend.takes`."""
        guided = len(student.radii) <= MOST_GUIDED and set(student.radii) <= _RADII
        return guided and fits(student.filters, student.enter, student.layers, student.dilations)

    @property
    def provenance(self) -> str:
        """As `ChromaWay.provenance`."""
        return f"C library, version {VERSION}"

    def planes(self, planes: Sequence[np.ndarray], fmt: PlaneFormat, *, rounded: bool = True) -> list[np.ndarray]:
        """As `ChromaWay.planes`.

        Args:
            rounded: as `FusedBlend.sharpen` takes it.
        """
        if len(planes) < 3:
            return []
        luma, *chroma = planes[:3]
        check_planes(planes[:3], fmt)
        shape, factors = chroma[0].shape, subsampling(luma.shape, chroma[0].shape)
        made = [np.empty(shape, plane.dtype if rounded else np.float32) for plane in chroma]
        if chroma[0].size:  # else it is a field that has no row of chroma
            guide = luma_guide(luma, shape, factors, fmt.bit_depth)
            jobs = [Plane(out, codes, guide) for out, codes in zip(made, chroma, strict=True)]
            self._net(fmt.bit_depth).make(jobs, [whole(shape)], self._threads)
        return made

    def gives_frames_bits(self, window: tuple[int, int], frame: tuple[int, int]) -> bool:
        """As `ChromaWay.gives_frames_bits`."""
        return True

    def _net(self, bit_depth: int) -> FusedNet:
        if bit_depth not in self._packed:
            student = packed_chroma(self._student, bit_depth, self._strength)
            self._packed[bit_depth] = FusedNet(student, self._instructions)
        return self._packed[bit_depth]


def luma_guide(luma: np.ndarray, shape: tuple[int, ...], factors: Factors, bit_depth: int) -> np.ndarray:
    """Luma on chroma's grid, in `GUIDE_BITS`: means of the samples that belong to each of chroma, edges repeated.

    Args:
        luma: uint8 or uint16 [H, W], rows possibly padded. Codes above the peak count as the peak.

    Returns:
        uint16 [H, W] of chroma's `shape`.
    """
    luma = in_rows(luma)
    (down, across), guide = factors, np.empty(shape, np.uint16)
    given = Luma(
        codes=luma.ctypes.data,
        stride=luma.strides[0],
        height=luma.shape[0],
        width=luma.shape[1],
        code_bytes=luma.itemsize,
        peak=2**bit_depth - 1,
        down=down,
        across=across,
        surplus=(down * across).bit_length() - 1 + bit_depth - GUIDE_BITS,
    )
    write_guide(given, guide)
    return guide
