"""A blend student on planes of luma, by the C library."""

from collections.abc import Sequence

import numpy as np

from ..nets.blend_weights import BlendWeights
from ..sequence.cover import Box
from .blend_packing import packed
from .fused_net import FusedNet, Plane, fits, whole


class FusedBlend:
    """A student's weights, packed for codes of one range."""

    @staticmethod
    def takes(student: BlendWeights) -> bool:
        """Whether the library is there, with this processor's vectors, and has room for a student of this size."""
        return fits(student.filters, student.enter, student.layers, student.dilations)

    def __init__(self, student: BlendWeights, peak: int, strength: float, instructions: str | None = None) -> None:
        """Packs the weights.

        Args:
            peak: the largest code value.
            strength: S in codes + S · peak · change.
            instructions: as `FusedNet` takes them.
        """
        self.net = FusedNet(packed(student, peak, strength), instructions)

    def sharpen(self, codes: np.ndarray, threads: int = 1, *, rounded: bool = True) -> np.ndarray:
        """Sharpens a plane.

        Args:
            codes: uint8 or uint16 [H, W], 0..peak, rows possibly padded.
            threads: that may work on it, each on a part.
            rounded: or float32 as it comes, for those who compare bits.

        Returns:
            [H, W] of the codes' dtype, rounded half up and clipped to 0..peak; or float32, not clipped.
        """
        out = np.empty(codes.shape, codes.dtype if rounded else np.float32)
        self.renew(out, codes, [whole(codes.shape)], threads)
        return out

    def renew(self, out: np.ndarray, codes: np.ndarray, boxes: Sequence[Box], threads: int = 1) -> None:
        """Sharpens parts of a plane.

        Args:
            out: [H, W] of the codes' dtype, or float32: here the parts are written, and nothing else.
            codes: as `sharpen` takes them.
            boxes, threads: as `FusedNet.make` takes them.
        """
        self.net.make([Plane(out, codes)], boxes, threads)
