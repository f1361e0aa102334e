"""A blend student's weights in the order in which the C library reads them, with all constant factors folded in."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .blend import PHASES, BlendStudent

PACK = 8
"""Output channels that lie side by side."""


@torch.no_grad()
def packed(student: BlendStudent, peak: int, strength: float) -> dict[str, np.ndarray]:
    """The arrays of `blend_library.Job`: float32, but for the dilations.

    Channels are filled up to whole packs with zeros: what these carry is 0, and nothing looks at it.

    Args:
        peak: the largest code value; the library sees codes, the student was trained on codes / peak.
        strength: S in codes + S · peak · change.
    """
    spectrum, enter, head = _float64(student.spectrum), _float64(student.enter), _float64(student.head)
    contrast = (spectrum[0] - spectrum[0].mean(dim=1, keepdim=True)) * 4 / peak  # as in BlendStudent._guide
    signed, magnitudes = enter[0][:, :PHASES], enter[0][:, PHASES:]
    layers = [_float64(layer) for layer in student.layers]
    filters = student.filters.double()
    arrays = {
        "spectrum": _pack(contrast),
        "spectrum_bias": spectrum[1],
        "enter": _pack(torch.cat([signed, 0.3 * magnitudes], dim=1)),
        "enter_bias": _filled(enter[1] + 1.2 * magnitudes.sum(dim=(1, 2, 3))),
        "layers": torch.cat([part for weight, bias in layers for part in (_pack(weight), _filled(bias))]),
        # The offset goes first, and into codes; the weights meet filtered codes.
        "head": _pack(strength * torch.cat([head[0][-PHASES:] * peak, head[0][:-PHASES]])),
        "head_bias": strength * torch.cat([head[1][-PHASES:] * peak, head[1][:-PHASES]]),
        "taps": filters - filters.mean(dim=(1, 2), keepdim=True),
    }
    dilations = np.array([layer.dilation[0] for layer in student.layers], np.int32)  # type: ignore[union-attr, index]
    return {name: np.ascontiguousarray(a.float().cpu().numpy()) for name, a in arrays.items()} | {
        "dilations": dilations
    }


def _float64(layer: nn.Module) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution."""
    return layer.get_parameter("weight").double(), layer.get_parameter("bias").double()


def _pack(weight: Tensor) -> Tensor:
    """[O, I, h, w] as flat [⌈O/8⌉, h·w, 8·⌈I/8⌉, 8]."""
    taps = weight.flatten(2)
    filled = F.pad(taps, (0, 0, 0, -taps.shape[1] % PACK, 0, -taps.shape[0] % PACK))
    return filled.unflatten(0, (-1, PACK)).permute(0, 3, 2, 1).flatten()


def _filled(bias: Tensor) -> Tensor:
    return F.pad(bias, (0, -bias.shape[0] % PACK))
