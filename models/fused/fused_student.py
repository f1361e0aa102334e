"""A blend student run by the C library, without torch: importing that takes longer than many a recording."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from ..cores import usable_cores
from ..nets.blend_weights import FACTOR, BlendWeights, read_blend_weights
from ..nets.catalogue import Student, at_look, look_of, weights_path
from ..nets.protocol import Domain, HasBlendWeights
from ..planes.plane_format import PlaneFormat
from ..sequence.cover import Box
from ..sequence.parts import BoxedParts, Windowed
from .blend_library import VERSION
from .fused_blend import FusedBlend


class FusedStudent:
    """A `Backend` that takes planes and gives planes. It has one order of sums for all shapes, so any window gets the
    frame's bits."""

    domain: Domain = "luma"
    align_px = FACTOR
    tiles_exactly = True
    offsets = (0,)
    takes_any_code = True
    gpu = None

    def __init__(
        self, name: str, weights: BlendWeights, strength: float, threads: int | None, look: float | None = None
    ) -> None:
        self.name, self.halo_px, self.look = name, weights.halo_px, look
        self._weights, self._strength = weights, strength
        self._threads = threads or usable_cores()
        self._packed: dict[int, FusedBlend] = {}

    @classmethod
    def try_of(
        cls, student_or_name: Student | str | Path, strength: float, threads: int | None, look: float | None = None
    ) -> "FusedStudent | None":
        """None where the library is not there, or the student is none that it can do.

        Args:
            look: as `load_student` takes it.

        Raises:
            ModelError, CheckpointError: as `look_of`.
        """
        if isinstance(student_or_name, Student):
            student = at_look(student_or_name, look)
            name, chosen = student.name, student.look
            weights = student.net.as_arrays() if isinstance(student.net, HasBlendWeights) else None
        else:
            path, chosen = weights_path(student_or_name), look_of(student_or_name, look)
            name, weights = path.stem, read_blend_weights(path, chosen or 0.0)
        if weights is None or not FusedBlend.takes(weights):
            return None
        return cls(name, weights, strength, threads, chosen)

    def provenance(self, fmt: PlaneFormat) -> Mapping[str, str]:
        """As `Enhancer.provenance`."""
        return {"by": "C library", "version": str(VERSION), "device": "cpu", "precision": "integers"}

    def begin(self, window: Sequence[Sequence[np.ndarray]], fmt: PlaneFormat) -> Callable[[], list[np.ndarray]]:
        """As `Backend.begin`, of [Y]; the work is done at once."""
        made = [self._blend(fmt).sharpen(window[0][0], self._threads)]
        return lambda: made

    def ahead(self, height: int, width: int) -> int:
        """As `Enhancer.ahead`."""
        return 0

    def parts(self, student: Windowed) -> BoxedParts:
        """As `Backend.parts`."""
        return BoxedParts(self)

    def renew(self, made: np.ndarray, luma: np.ndarray, fmt: PlaneFormat, boxes: Sequence[Box]) -> None:
        """Brings what `planes` made of an earlier picture up to date in places that hold all that has changed.

        Args:
            boxes: these places, in cells of `align_px`.
        """
        self._blend(fmt).renew(made, luma, boxes, self._threads)

    def pixels(self, box: Box, fmt: PlaneFormat) -> float:
        """As `FusedBlend.pixels`."""
        return self._blend(fmt).net.pixels(box)

    def _blend(self, fmt: PlaneFormat) -> FusedBlend:
        if fmt.peak not in self._packed:
            self._packed[fmt.peak] = FusedBlend(self._weights, fmt.peak, self._strength)
        return self._packed[fmt.peak]

    def gives_frames_bits(self, window: tuple[int, int], frame: tuple[int, int]) -> bool:
        """As `Enhancer.gives_frames_bits`."""
        return True
