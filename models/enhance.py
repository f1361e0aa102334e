"""Applies a student to the planes of a frame: the one thing that the pipeline calls."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor

from .blend import BlendStudent
from .catalogue import Student, load_student
from .device import resolve_device
from .domain import Domain
from .errors import ModelError
from .forward import forward
from .fused_blend import FusedBlend
from .gpu_student import GpuStudent
from .on_gpu import GpuSettings
from .plane_format import PlaneFormat
from .plane_tensors import sharpen_codes
from .same_bits import SameBits, Shape
from .tiles import RGB_GRID, STRIP_PIXELS, WIDEST_RGB, in_tiles, strip_of, tiles_of
from .transfer import download, upload

CHROMA_HALO_PX = 2
"""How far subsampled chroma spreads when it is interpolated, and again when it is averaged."""


Later = Callable[[], list[np.ndarray | None]]
"""Waits for a frame's planes, as `Enhancer.planes` gives them; the same arrays when asked again."""


class _Cut(TypedDict):
    halo: int
    align: int
    tile: tuple[int, int]
    grid: int


class Enhancer:
    """A student on a device, applied to frames' planes."""

    domain: Domain
    name: str
    halo_px: int | None
    """An output sample depends on input no farther than this from it; what lies farther may change freely."""
    align_px: int
    """A tile cut from a frame must start at a multiple of this to give the frame's own result."""

    def __init__(
        self,
        student_or_name: Student | str | Path,
        device: str = "cpu",
        strength: float = 1.0,
        threads: int | None = None,
        *,
        plain: bool = False,
        gpu: GpuSettings | None = None,
    ) -> None:
        """Loads the weights once.

        Args:
            student_or_name: a shipped name, a checkpoint file, or a student.
            device: as `resolve_device` takes it.
            strength: S in out = in + S·(student − in), 0..1.5.
            threads: CPU threads for torch in this process; None leaves them as they are.
            plain: torch does all the work, also where the C library could (see `FusedBlend`).
            gpu: how a GPU works, where not as by default; with them, a CPU takes a GPU's way, too.

        Raises:
            ModelError, CheckpointError: as `load_student`, or the strength is out of range.
            DeviceError: as `resolve_device`, or the GPU does not have the precision asked for.
        """
        if not 0 <= strength <= 1.5:
            raise ModelError(f"A strength of {strength} is out of range; accepted are 0 to 1.5.")
        if threads is not None:
            torch.set_num_threads(threads)
        self.device = resolve_device(device)
        student = student_or_name if isinstance(student_or_name, Student) else load_student(student_or_name)
        self._net = student.net.eval().to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._student = student
        self.strength = strength
        self.domain = student.domain
        self.name = student.name
        self.align_px = student.align_px
        self.halo_px = student.halo_px + (2 * CHROMA_HALO_PX if student.domain == "rgb" else 0)
        self.gpu = None
        if gpu is not None or self.device.type != "cpu":
            self.gpu = GpuStudent(student, self.device, strength, gpu or GpuSettings())
        # On a CPU, a blend student takes codes and gives codes.
        self._blend = student.net if isinstance(student.net, BlendStudent) and self.gpu is None else None
        self._fused: dict[int, FusedBlend] | None = None
        if self._blend is not None and not plain and FusedBlend.takes(self._blend):
            self._fused = {}
        self._same_bits: tuple[Shape, SameBits] | None = None

    @property
    def fused(self) -> bool:
        """Whether the C library does the work."""
        return self._fused is not None

    @property
    def tiles_exactly(self) -> bool:
        """Whether a window of a frame can have the frame's own result; if not, only frames as a whole compare."""
        return self.gpu is None and not getattr(self._net, "sees_beyond_halo", False)

    def tile_shapes(self, height: int, width: int) -> set[Shape]:
        """The shapes, in whole multiples of `align_px`, in which torch computes a frame of height × width."""
        if self._blend is not None:
            return self._blend.strip_shapes(height, width, STRIP_PIXELS["luma"])
        windows = [tile.window for tile in tiles_of((height, width), **self._cut(height, width))]
        step = self.align_px
        return {
            (-(-(down.stop - down.start) // step) * step, -(-(across.stop - across.start) // step) * step)
            for down, across in windows
        }

    def gives_frames_bits(self, window: Shape, frame: Shape) -> bool:
        """Whether windows of this shape, in pixels, get the very bits that a frame of that size gets."""
        if self._fused is not None:
            return True  # it has one order of sums for all shapes
        if self._same_bits is None or self._same_bits[0] != frame:
            channels = 1 if self.domain == "luma" else 3
            tiles = self.tile_shapes(*frame)
            self._same_bits = frame, SameBits(self._forward, channels, self._student.halo_px, tiles)
        return all(self._same_bits[1].hold_for(tile) for tile in self.tile_shapes(*window))

    def planes(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> list[np.ndarray | None]:
        """Sharpens one frame.

        Args:
            planes: [Y] or [Y, U, V] (an alpha plane may follow), uint8 or, above 8 bits, uint16, each [H, W], rows
                possibly padded. Never modified.
            fmt: how their numbers are meant.

        Returns:
            As many entries as planes: a new contiguous array of the same dtype and shape, or None where the plane
            stays as it is. Values are rounded half up and clipped to 0..2^bit_depth − 1.

        Raises:
            ModelError: planes of another dtype than the bit depth says, or chroma of a shape that fits no subsampling.
        """
        if self.gpu is not None:
            return self.begin(planes, fmt)()
        self._check(planes, fmt)
        unchanged: list[np.ndarray | None] = [None] * len(planes)
        if self.strength == 0 or not planes:
            return unchanged
        with torch.inference_mode():
            changed = self._luma(planes[0], fmt) if self.domain == "luma" else self._by_torch(planes[:3], fmt)
        arrays: list[np.ndarray | None] = [download(plane, planes[0].dtype) for plane in changed]
        return arrays + unchanged[len(arrays) :]

    def begin(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> Later:
        """Starts to sharpen one frame, and gives back what waits for it.

        A GPU goes on with other frames meanwhile; `ahead` of them keep it busy. On a CPU, the work is done at once.

        Args:
            planes, fmt: as `planes`; they may be written on as soon as this returns.

        Returns:
            What gives the answer of `planes`.

        Raises:
            ModelError: as `planes`.
            DeviceError: the GPU has not enough memory; also from what waits.
        """
        if self.gpu is None or self.strength == 0 or not planes:
            unchanged: list[np.ndarray | None] = [None] * len(planes)
            made = self.planes(planes, fmt) if self.gpu is None else unchanged
            return lambda: made
        self._check(planes, fmt)
        seen = planes[:1] if self.domain == "luma" else planes[:3]
        pending, others = self.gpu.way.begin(seen, fmt), [None] * (len(planes) - len(seen))
        return lambda: [*pending.result(), *others]

    def ahead(self, height: int, width: int) -> int:
        """How many frames of this size should be begun before the first is waited for; 0 on a CPU."""
        return 0 if self.gpu is None else self.gpu.way.ahead(height, width)

    def _check(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> None:
        wanted = np.uint8 if fmt.bit_depth == 8 else np.uint16
        for plane in planes:
            if plane.dtype != wanted or plane.ndim != 2:
                raise ModelError(
                    f"A plane of {plane.dtype} {plane.shape} was given; "
                    f"{fmt.bit_depth} bits want {np.dtype(wanted)} of two dimensions."
                )

    def _luma(self, luma: np.ndarray, fmt: PlaneFormat) -> list[Tensor]:
        if self._fused is not None:
            return [torch.from_numpy(self._packed(fmt.peak).sharpen(luma, torch.get_num_threads()))]
        if self._blend is not None:
            as_is = luma.dtype == np.uint8 and luma.flags.writeable  # torch warns of arrays that nobody may write to
            codes = torch.from_numpy(luma if as_is else luma.astype(np.uint8 if fmt.bit_depth == 8 else np.int32))
            return [self._blend.sharpen_codes(codes, fmt.peak, self.strength, STRIP_PIXELS["luma"])]
        return self._by_torch([luma], fmt)

    def _by_torch(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> list[Tensor]:
        codes = [upload(plane)[None] for plane in planes]
        return [plane[0] for plane in sharpen_codes(codes, fmt, self.domain, self.strength, self._run)]

    def _run(self, x: Tensor) -> Tensor:
        """The student's answer, float32 of x's shape."""
        return in_tiles(self._forward, x, **self._cut(x.shape[-2], x.shape[-1]))

    def _forward(self, x: Tensor) -> Tensor:
        return forward(self._net, x)

    def _packed(self, peak: int) -> FusedBlend:
        """The student packed for codes up to `peak`; kept."""
        assert self._fused is not None
        assert self._blend is not None
        if peak not in self._fused:
            self._fused[peak] = FusedBlend(self._blend, peak, self.strength)
        return self._fused[peak]

    def _cut(self, height: int, width: int) -> _Cut:
        """How frames of height × width are cut into tiles."""
        halo, widest = self._student.halo_px, WIDEST_RGB if self.domain == "rgb" else None
        grid = RGB_GRID if self.domain == "rgb" else 1
        tile = strip_of((height, width), halo, STRIP_PIXELS[self.domain], widest)
        return {"halo": halo, "align": self.align_px, "tile": tile, "grid": grid}
