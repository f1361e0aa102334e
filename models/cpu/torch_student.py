"""A student that torch does on a CPU: any network, whole frames in tiles."""

from collections.abc import Callable, Mapping, Sequence
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor

from ..nets.catalogue import Student, channels_of
from ..nets.protocol import Domain, OfOthers, TakesCodes, forward
from ..planes.plane_format import PlaneFormat
from ..planes.plane_tensors import download, sharpen_codes, upload
from ..sequence.parts import Windowed, WindowedParts
from ..sequence.windows import RGB_GRID
from .same_bits import SameBits, Shape
from .tiles import STRIP_PIXELS, WIDEST_RGB, in_tiles, strip_of, tiles_of

Planes = Sequence[np.ndarray]

CHROMA_HALO_PX = 2
"""How far subsampled chroma spreads when it is interpolated, and again when it is averaged."""


class _Cut(TypedDict):
    halo: int
    align: int
    tile: tuple[int, int]
    grid: int


def halo_of(student: Student) -> int:
    """How far in pixels a sample of the result depends on samples of the planes."""
    return student.halo_px + (2 * CHROMA_HALO_PX if student.domain == "rgb" else 0)


class TorchStudent:
    """A `Backend` that takes planes and gives planes."""

    takes_any_code = False
    gpu = None

    def __init__(self, student: Student, strength: float) -> None:
        self._net = student.net.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.student, self._strength, self.look = student, strength, student.look
        self.name, self.align_px = student.name, student.align_px
        self.domain: Domain = student.domain
        self.halo_px = halo_of(student)
        self.tiles_exactly, self.offsets = not student.net.sees_beyond_halo, student.offsets
        alone = len(student.offsets) == 1
        self._on_codes = student.net if alone and isinstance(student.net, TakesCodes) else None
        self._same_bits: tuple[Shape, SameBits] | None = None

    def provenance(self, fmt: PlaneFormat) -> Mapping[str, str]:
        """As `Enhancer.provenance`."""
        vectors = torch.backends.cpu.get_cpu_capability()
        others = f", {self._net.computed_by}" if isinstance(self._net, OfOthers) else ""
        return {"by": f"torch {torch.__version__}{others}", "device": f"cpu, {vectors}", "precision": "float32"}

    def begin(self, window: Sequence[Planes], fmt: PlaneFormat) -> Callable[[], list[np.ndarray]]:
        """As `Backend.begin`; the work is done at once."""
        made = self._planes(window, fmt)
        return lambda: made

    def ahead(self, height: int, width: int) -> int:
        """As `Enhancer.ahead`."""
        return 0

    def parts(self, student: Windowed) -> WindowedParts:
        """As `Backend.parts`."""
        return WindowedParts(student)

    @torch.inference_mode()
    def _planes(self, window: Sequence[Planes], fmt: PlaneFormat) -> list[np.ndarray]:
        """[Y], or for an RGB student all planes, of what the window is of."""
        seen = window[self.offsets.index(0)]
        if self._on_codes is not None:
            luma = seen[0]
            as_is = luma.dtype == np.uint8 and luma.flags.writeable  # torch warns of arrays that nobody may write to
            codes = torch.from_numpy(luma if as_is else luma.astype(np.uint8 if fmt.bit_depth == 8 else np.int32))
            made = [self._on_codes.sharpen_codes(codes, fmt.peak, self._strength, STRIP_PIXELS["luma"])]
        else:
            pictures = [[upload(plane)[None] for plane in planes] for planes in window]
            own, beside = pictures[self.offsets.index(0)], pictures if len(pictures) > 1 else None
            made = [plane[0] for plane in sharpen_codes(own, fmt, self.domain, self._strength, self._run, beside)]
        return [download(plane, seen[0].dtype) for plane in made]

    def gives_frames_bits(self, window: Shape, frame: Shape) -> bool:
        """As `Enhancer.gives_frames_bits`."""
        if self._same_bits is None or self._same_bits[0] != frame:
            channels = channels_of(self.student)
            tiles = self._tile_shapes(*frame)
            self._same_bits = frame, SameBits(self._forward, channels, self.student.halo_px, tiles)
        return all(self._same_bits[1].hold_for(tile) for tile in self._tile_shapes(*window))

    def _tile_shapes(self, height: int, width: int) -> set[Shape]:
        """The shapes, in whole multiples of `align_px`, in which a frame of height × width is computed."""
        if self._on_codes is not None:
            return self._on_codes.strip_shapes(height, width, STRIP_PIXELS["luma"])
        windows = [tile.window for tile in tiles_of((height, width), **self._cut(height, width))]
        step = self.align_px
        return {
            (-(-(down.stop - down.start) // step) * step, -(-(across.stop - across.start) // step) * step)
            for down, across in windows
        }

    def _run(self, x: Tensor) -> Tensor:
        """The student's answer, float32 of x's shape."""
        return in_tiles(self._forward, x, **self._cut(x.shape[-2], x.shape[-1]))

    def _forward(self, x: Tensor) -> Tensor:
        return forward(self._net, x)

    def _cut(self, height: int, width: int) -> _Cut:
        """How frames of height × width are cut into tiles."""
        halo, widest = self.student.halo_px, WIDEST_RGB if self.domain == "rgb" else None
        grid = RGB_GRID if self.domain == "rgb" else 1
        tile = strip_of((height, width), halo, STRIP_PIXELS[self.domain], widest)
        return {"halo": halo, "align": self.align_px, "tile": tile, "grid": grid}
