"""Planes as tensors: made on the CPU and turned back (for a GPU, see `staging.py`), and a student's work on them: codes
in, codes out, for one picture or a batch, on any device."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor

from ..nets.protocol import Domain
from .colour import rgb_to_code_steps, round_to_codes, yuv_to_rgb
from .plane_format import PlaneFormat

Planes = Sequence[Tensor]


def upload(plane: np.ndarray) -> Tensor:
    """A plane, uint8 or uint16 [H, W] with rows possibly padded, as float32 of the same values."""
    codes = torch.from_numpy(plane if plane.flags.writeable else plane.copy())  # torch warns of what is read-only
    return codes.float()


def download(codes: Tensor, dtype: np.dtype) -> np.ndarray:
    """Integers [H, W] as a plane.

    Args:
        dtype: uint8 or uint16, which holds all of the values.
    """
    return codes.to(torch.uint8 if dtype == np.uint8 else torch.uint16).numpy()


def sharpen_codes(
    codes: Planes,
    fmt: PlaneFormat,
    domain: Domain,
    strength: float,
    student: Callable[[Tensor], Tensor],
    window: Sequence[Planes] | None = None,
) -> list[Tensor]:
    """The planes with the student's change added.

    Args:
        codes: [Y], or for RGB students [Y] or [Y, U, V]: float32 [N, H, W] each. May be written on.
        strength: S in codes + S · change.
        student: maps float32 [N, P · 1 or 3, H, W] of 0..1 to float32 [N, 1 or 3, H, W].
        window: the planes of the P pictures that the student sees; None: the one that it changes.

    Returns:
        As many planes: int32 [N, H, W], rounded half up and clipped to the codes there are.

    Raises:
        ModelError: as `yuv_to_rgb`.
    """
    if domain == "rgb":
        return _rgb(codes, fmt, strength, student, window)
    x = (codes[0] / fmt.peak)[:, None]
    seen = x if window is None else torch.stack([planes[0] / fmt.peak for planes in window], dim=1)
    residual = student(seen).sub_(x)[:, 0]
    return [round_to_codes(codes[0].add_(residual, alpha=strength * fmt.peak), fmt.bit_depth)]


def _rgb(
    codes: Planes,
    fmt: PlaneFormat,
    strength: float,
    student: Callable[[Tensor], Tensor],
    window: Sequence[Planes] | None,
) -> list[Tensor]:
    """Adds the student's change in RGB to the planes; the conversion is linear, so nothing else moves."""
    how = {"matrix": fmt.matrix, "full_range": fmt.full_range, "bit_depth": fmt.bit_depth}
    rgb = _to_rgb(codes, fmt)
    seen = rgb if window is None else torch.cat([_to_rgb(planes, fmt) for planes in window], dim=1)
    change = student(seen).sub_(rgb).mul_(strength)
    made = []
    for picture, its in zip(zip(*codes, strict=True), change.split(1), strict=True):
        chroma_shape = None if len(picture) < 3 else (picture[1].shape[0], picture[1].shape[1])
        steps = rgb_to_code_steps(its, chroma_shape, **how, chroma_left=fmt.chroma_left)
        made.append([round_to_codes(plane + step, fmt.bit_depth) for plane, step in zip(picture, steps, strict=True)])
    return [torch.stack(planes) for planes in zip(*made, strict=True)]


def _to_rgb(codes: Planes, fmt: PlaneFormat) -> Tensor:
    """Planes [N, H, W] each as [N, 3, H, W]."""
    return torch.cat([_one_to_rgb(picture, fmt) for picture in zip(*codes, strict=True)])


def _one_to_rgb(picture: Planes, fmt: PlaneFormat) -> Tensor:
    y, u, v = picture if len(picture) == 3 else (picture[0], None, None)
    return yuv_to_rgb(
        y, u, v, matrix=fmt.matrix, full_range=fmt.full_range, bit_depth=fmt.bit_depth, chroma_left=fmt.chroma_left
    ).clamp_(0, 1)
