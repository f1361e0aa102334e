"""YUV planes to RGB and back, with the source's own matrix, range, bit depth, subsampling and chroma siting.

Luma weights and quantisation: see `plane_format.py`.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from ..errors import ModelError
from .plane_format import luma_weights, quantisation, rgb_of

Matrix = Literal["bt601", "bt709", "bt2020"]


def yuv_to_rgb(
    y: Tensor, u: Tensor | None, v: Tensor | None, *, matrix: str, full_range: bool, bit_depth: int, chroma_left: bool
) -> Tensor:
    """Planes to RGB.

    Args:
        y: [H, W], code values of any dtype.
        u, v: [Hc, Wc] with Hc in {H, ⌈H/2⌉} and Wc in {W, ⌈W/2⌉}; None for a grey picture.
        chroma_left: subsampled chroma lies on the left luma column (MPEG-2, H.264 default), not between two columns.

    Returns:
        Float32 [1, 3, H, W]; 0..1 for colours that RGB can show, beyond it for others (nothing is clipped).

    Raises:
        ModelError: an unknown matrix, or chroma planes of a shape that belongs to no known subsampling.
    """
    offset, y_steps, c_steps = quantisation(full_range, bit_depth)
    luma = (y.float() - offset) / y_steps
    if u is None or v is None:
        return luma.expand(3, -1, -1)[None].clone()
    _subsampling(y, u)
    chroma = (torch.stack([u.float(), v.float()]) - 2 ** (bit_depth - 1)) / c_steps
    cb, cr = upsample_chroma(chroma, (y.shape[0], y.shape[1]), chroma_left)
    return torch.stack(rgb_of(luma, cb, cr, matrix))[None]


def rgb_to_yuv(
    rgb: Tensor,
    chroma_shape: tuple[int, int] | None,
    *,
    matrix: str,
    full_range: bool,
    bit_depth: int,
    chroma_left: bool,
) -> list[Tensor]:
    """RGB to planes of code values: the inverse of `yuv_to_rgb`, up to rounding and the chroma that subsampling drops.

    Args:
        rgb: float [1, 3, H, W].
        chroma_shape: (Hc, Wc) of the chroma planes; None for luma only.

    Returns:
        [y] or [y, u, v]: int32, rounded half up, clipped to 0..2^bit_depth − 1.

    Raises:
        ModelError: as `yuv_to_rgb`.
    """
    planes = rgb_to_code_steps(
        rgb, chroma_shape, matrix=matrix, full_range=full_range, bit_depth=bit_depth, chroma_left=chroma_left
    )
    offset = quantisation(full_range, bit_depth)[0]
    zeros = [offset, 2.0 ** (bit_depth - 1), 2.0 ** (bit_depth - 1)]
    return [round_to_codes(plane + zero, bit_depth) for plane, zero in zip(planes, zeros, strict=False)]


def rgb_to_code_steps(
    rgb: Tensor,
    chroma_shape: tuple[int, int] | None,
    *,
    matrix: str,
    full_range: bool,
    bit_depth: int,
    chroma_left: bool,
) -> list[Tensor]:
    """The linear part of `rgb_to_yuv`: float planes in code steps, without the offsets of black and of grey.

    Being linear, it also turns a *difference* of RGB pictures into what must be added to the planes.
    """
    k_r, k_b = luma_weights(matrix)
    _, y_steps, c_steps = quantisation(full_range, bit_depth)
    red, green, blue = rgb[0].float()
    luma = k_r * red + (1 - k_r - k_b) * green + k_b * blue
    if chroma_shape is None:
        return [luma * y_steps]
    chroma = torch.stack([(blue - luma) / (2 * (1 - k_b)), (red - luma) / (2 * (1 - k_r))])
    cb, cr = downsample_chroma(chroma, chroma_shape, chroma_left)
    return [luma * y_steps, cb * c_steps, cr * c_steps]


def round_to_codes(plane: Tensor, bit_depth: int) -> Tensor:
    """Float code values to int32, rounded half up and clipped to 0..2^bit_depth − 1."""
    return (plane + 0.5).floor_().clamp_(0, 2**bit_depth - 1).to(torch.int32)


def upsample_chroma(chroma: Tensor, shape: tuple[int, int], chroma_left: bool) -> Tensor:
    """Float [2, Hc, Wc] to [2, H, W], linear between chroma sites; rows always lie midway (H.264 annex E, type 0/1)."""
    if chroma.shape[2] != shape[1]:
        chroma = _double(chroma, on_site=chroma_left)[..., : shape[1]]
    if chroma.shape[1] != shape[0]:
        chroma = _double(chroma.mT, on_site=False)[..., : shape[0]].mT
    return chroma


def downsample_chroma(chroma: Tensor, shape: tuple[int, int], chroma_left: bool) -> Tensor:
    """Float [2, H, W] to [2, Hc, Wc]: the mean of two, or ¼ ½ ¼ around a chroma site that lies on a luma column."""
    if chroma.shape[2] != shape[1]:
        chroma = _halve(chroma, on_site=chroma_left)
    if chroma.shape[1] != shape[0]:
        chroma = _halve(chroma.mT, on_site=False).mT
    return chroma


def _double(line: Tensor, on_site: bool) -> Tensor:
    """Twice as many samples along the last axis."""
    padded = F.pad(line, (1, 1), mode="replicate")
    before, here, after = padded[..., :-2], line, padded[..., 2:]
    if on_site:
        pair = (here, (here + after) / 2)
    else:
        pair = (0.75 * here + 0.25 * before, 0.75 * here + 0.25 * after)
    return torch.stack(pair, dim=-1).flatten(-2)


def _halve(line: Tensor, on_site: bool) -> Tensor:
    """Half as many samples along the last axis, rounded up."""
    line = F.pad(line, (1, 1 + line.shape[-1] % 2), mode="replicate")
    left, here, right = line[..., :-2:2], line[..., 1:-1:2], line[..., 2::2]
    return (left + 2 * here + right) / 4 if on_site else (here + right) / 2


def _subsampling(y: Tensor, u: Tensor) -> None:
    for full, part in zip(y.shape, u.shape, strict=True):
        if part not in (full, (full + 1) // 2):
            raise ModelError(f"Chroma planes of {tuple(u.shape)} fit no subsampling of luma {tuple(y.shape)}.")
