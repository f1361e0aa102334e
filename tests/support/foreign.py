"""Networks of others, made in code: files of ONNX, and checkpoints of networks that spandrel knows."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn


class Function(nn.Module):
    """A function as a module."""

    def __init__(self, function: Callable[..., Tensor], *modules: nn.Module) -> None:
        super().__init__()
        self.function, self.parts = function, nn.ModuleList(modules)

    def forward(self, *pictures: Tensor) -> Tensor:
        return self.function(*pictures)


def small_net(channels: int, *, stride: int = 1, seed: int = 0) -> nn.Module:
    """A picture plus what two convolutions make of it, the inner one at a fraction of its size."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        enter = nn.Conv2d(channels, 8, 3, stride=stride, padding=1)
        leave = nn.Conv2d(8, channels * stride**2, 3, padding=1)
    return Function(
        lambda x: x + 0.2 * nn.functional.pixel_shuffle(leave(torch.relu(enter(x))), stride), enter, leave
    ).eval()


def write_onnx(
    path: Path, net: nn.Module, *shapes: tuple[int, ...], dtype: torch.dtype = torch.float32, free: bool = True
) -> Path:
    """Writes a network as an ONNX file that takes pictures like these."""
    pytest.importorskip("onnx")
    names = [f"input{number}" for number in range(len(shapes))]
    axes = {name: {2: "height", 3: "width"} for name in (*names, "output")} if free else None
    pictures = tuple(torch.zeros(shape, dtype=dtype) for shape in shapes)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            net.to(dtype),
            pictures,
            str(path),
            dynamo=False,
            opset_version=17,
            input_names=names,
            output_names=["output"],
            dynamic_axes=axes,
        )
    return path


def write_compact(path: Path, *, scale: int = 1) -> Path:
    """Writes a checkpoint of Real-ESRGAN's compact network, by spandrel's names, with random weights."""
    pytest.importorskip("spandrel")
    generator = torch.Generator().manual_seed(0)

    def weights(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator) * 0.1

    state: dict[str, Tensor] = {}
    for place, (made, given) in {0: (12, 3), 2: (12, 12), 4: (12, 12), 6: (3 * scale**2, 12)}.items():
        state[f"body.{place}.weight"], state[f"body.{place}.bias"] = weights(made, given, 3, 3), weights(made)
        if place < 6:
            state[f"body.{place + 1}.weight"] = weights(made)
    torch.save({"params": state}, path)
    return path
