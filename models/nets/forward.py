"""Calling a student's network, whatever it returns."""

import torch
from torch import Tensor, nn


def forward(net: nn.Module, x: Tensor) -> Tensor:
    """The image that a student makes of x, float of x's shape; the reference gives (image, None)."""
    out = net(x.contiguous(memory_format=torch.channels_last))
    return out[0] if isinstance(out, tuple) else out
