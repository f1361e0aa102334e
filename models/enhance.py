"""Applies a student to the planes of a frame: the one thing that the pipeline calls."""

from collections.abc import Sequence
from pathlib import Path
from typing import TypedDict

import numpy as np
import torch
from torch import Tensor, nn

from .blend import BlendStudent
from .catalogue import Student, load_student
from .colour import rgb_to_code_steps, round_to_codes, yuv_to_rgb
from .device import resolve_device
from .domain import Domain
from .errors import ModelError
from .fused_blend import FusedBlend
from .plane_format import PlaneFormat
from .same_bits import SameBits, Shape
from .tiles import RGB_GRID, STRIP_PIXELS, WIDEST_RGB, in_tiles, strip_of, tiles_of
from .transfer import download, upload

CHROMA_HALO_PX = 2
"""How far subsampled chroma spreads when it is interpolated, and again when it is averaged."""


def forward(net: nn.Module, x: Tensor) -> Tensor:
    """The image that a student makes of x, float of x's shape; the reference gives (image, None)."""
    out = net(x.contiguous(memory_format=torch.channels_last))
    return out[0] if isinstance(out, tuple) else out


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
    ) -> None:
        """Loads the weights once.

        Args:
            student_or_name: a shipped name, a checkpoint file, or a student.
            device: as `resolve_device` takes it.
            strength: S in out = in + S·(student − in), 0..1.5.
            threads: CPU threads for torch in this process; None leaves them as they are.
            plain: torch does all the work, also where the C library could (see `FusedBlend`).

        Raises:
            ModelError, CheckpointError: as `load_student`, or the strength is out of range.
            DeviceError: as `resolve_device`.
        """
        if not 0 <= strength <= 1.5:
            raise ModelError(f"A strength of {strength} is out of range; accepted are 0 to 1.5.")
        if threads is not None:
            torch.set_num_threads(threads)
        self.device = resolve_device(device)
        student = student_or_name if isinstance(student_or_name, Student) else load_student(student_or_name)
        self._net = student.net.eval().to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._student = student
        self.strength = strength
        self.domain = student.domain
        self.name = student.name
        self.align_px = student.align_px
        self.halo_px = student.halo_px + (2 * CHROMA_HALO_PX if student.domain == "rgb" else 0)
        # On a CPU, a blend student takes codes and gives codes.
        self._blend = student.net if isinstance(student.net, BlendStudent) and self.device.type == "cpu" else None
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
        return self.device.type == "cpu" and not getattr(self._net, "sees_beyond_halo", False)

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
        wanted = np.uint8 if fmt.bit_depth == 8 else np.uint16
        for plane in planes:
            if plane.dtype != wanted or plane.ndim != 2:
                raise ModelError(
                    f"A plane of {plane.dtype} {plane.shape} was given; "
                    f"{fmt.bit_depth} bits want {np.dtype(wanted)} of two dimensions."
                )
        unchanged: list[np.ndarray | None] = [None] * len(planes)
        if self.strength == 0 or not planes:
            return unchanged
        with torch.inference_mode():
            changed = self._luma(planes[0], fmt) if self.domain == "luma" else self._rgb(planes[:3], fmt)
        arrays: list[np.ndarray | None] = [download(plane, np.dtype(wanted)) for plane in changed]
        return arrays + unchanged[len(arrays) :]

    def _luma(self, luma: np.ndarray, fmt: PlaneFormat) -> list[Tensor]:
        peak = 2**fmt.bit_depth - 1
        if self._fused is not None:
            return [torch.from_numpy(self._packed(peak).sharpen(luma, torch.get_num_threads()))]
        if self._blend is not None:
            as_is = luma.dtype == np.uint8 and luma.flags.writeable  # torch warns of arrays that nobody may write to
            codes = torch.from_numpy(luma if as_is else luma.astype(np.uint8 if fmt.bit_depth == 8 else np.int32))
            return [self._blend.sharpen_codes(codes, peak, self.strength, STRIP_PIXELS["luma"])]
        codes = upload(luma, self.device)
        x = (codes / peak)[None, None]
        residual = self._run(x).sub_(x)[0, 0]
        return [round_to_codes(codes.add_(residual, alpha=self.strength * peak), fmt.bit_depth)]

    def _rgb(self, planes: Sequence[np.ndarray], fmt: PlaneFormat) -> list[Tensor]:
        """Adds the student's change in RGB to the planes; the conversion is linear, so nothing else moves."""
        codes = [upload(plane, self.device) for plane in planes]
        y, u, v = codes if len(codes) == 3 else (codes[0], None, None)
        chroma_shape = None if u is None else (u.shape[0], u.shape[1])
        rgb = yuv_to_rgb(
            y, u, v, matrix=fmt.matrix, full_range=fmt.full_range, bit_depth=fmt.bit_depth, chroma_left=fmt.chroma_left
        ).clamp_(0, 1)
        change = self._run(rgb).sub_(rgb).mul_(self.strength)
        steps = rgb_to_code_steps(
            change,
            chroma_shape,
            matrix=fmt.matrix,
            full_range=fmt.full_range,
            bit_depth=fmt.bit_depth,
            chroma_left=fmt.chroma_left,
        )
        return [round_to_codes(plane + step, fmt.bit_depth) for plane, step in zip(codes, steps, strict=True)]

    def _run(self, x: Tensor) -> Tensor:
        """The student's answer, float32 of x's shape."""
        return in_tiles(self._forward, x, **self._cut(x.shape[-2], x.shape[-1]))

    def _forward(self, x: Tensor) -> Tensor:
        with torch.autocast(self.device.type, dtype=torch.float16, enabled=self.device.type == "cuda"):
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
