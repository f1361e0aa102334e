"""ncnn's two files, written here as ncnn's converter writes them: they come back, and damage is one sentence."""

import struct
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from vidsharp.models.errors import CheckpointError
from vidsharp.models.nets.ncnn_weights import load_ncnn

FLAGS = {"fp32": (0, "<f4"), "fp16": (0x01306B47, "<f2")}


def network(*channels: int) -> nn.Sequential:
    torch.manual_seed(len(channels))
    return nn.Sequential(*(nn.Conv2d(a, b, 3) for a, b in pairwise(channels)))


def write(path: Path, net: nn.Sequential, kind: str, extra: str = "") -> Path:
    """The `.param` and the `.bin` of a network of convolutions."""
    flag, dtype = FLAGS[kind]
    lines, numbers = ["7767517", f"{len(net) + 2} 9", "Input            data             0 1 data"], b""
    for i, layer in enumerate(net):
        assert isinstance(layer, nn.Conv2d)
        assert layer.bias is not None
        weight = layer.weight.detach().numpy().astype(dtype).tobytes()
        numbers += struct.pack("<I", flag) + weight + b"\0" * (-len(weight) % 4)
        numbers += layer.bias.detach().numpy().astype("<f4").tobytes()
        sizes = f"0={layer.out_channels} 1=3 4=1 5=1 6={layer.weight.numel()} 9=2 -23310=1,2.000000e-01"
        lines.append(f"Convolution      Conv_{i}          1 1 {i} {i + 1} {sizes}{extra}")
        lines.append("BinaryOp         Add_5            2 1 4 5 6 0=0")
    path.write_text("\n".join(lines) + "\n")
    path.with_suffix(".bin").write_bytes(numbers)
    return path


@pytest.mark.parametrize("kind", FLAGS)
def test_weights_come_back(tmp_path: Path, kind: str) -> None:
    saved = network(3, 5, 1)  # 135 and 45 weights: float16 needs padding
    loaded = network(3, 5, 1)
    for parameter in loaded.parameters():
        nn.init.zeros_(parameter)
    load_ncnn(loaded, write(tmp_path / "net.param", saved, kind))
    for ours, theirs in zip(loaded.parameters(), saved.parameters(), strict=True):
        half = kind == "fp16" and theirs.dim() == 4
        assert torch.equal(ours, theirs.half().float() if half else theirs)


def fails(param: Path, net: nn.Sequential) -> str:
    before = [p.clone() for p in net.parameters()]
    with pytest.raises(CheckpointError) as caught:
        load_ncnn(net, param)
    assert all(torch.equal(a, b) for a, b in zip(before, net.parameters(), strict=True))
    assert str(caught.value).count("\n") == 0
    assert str(caught.value).endswith(".")
    return str(caught.value)


@pytest.mark.parametrize("kind", FLAGS)
def test_a_file_that_breaks_off_is_one_sentence(tmp_path: Path, kind: str) -> None:
    param = write(tmp_path / "net.param", network(3, 4, 2), kind)
    numbers = param.with_suffix(".bin").read_bytes()
    for kept in (0, 3, 4, 100, len(numbers) - 1):
        param.with_suffix(".bin").write_bytes(numbers[:kept])
        assert "ends too early" in fails(param, network(3, 4, 2))
    param.with_suffix(".bin").write_bytes(numbers + b"\0\0\0\0")
    assert "holds more" in fails(param, network(3, 4, 2))


@pytest.mark.parametrize("channels", [(3, 4), (3, 4, 2, 2), (3, 2, 4), (3, 4, 3)])
def test_another_network_is_one_sentence(tmp_path: Path, channels: tuple[int, ...]) -> None:
    param = write(tmp_path / "net.param", network(3, 4, 2), "fp32")
    assert "2 convolutions that are not the" in fails(param, network(*channels))


def test_what_is_not_there_or_not_read_here_is_one_sentence(tmp_path: Path) -> None:
    net = network(3, 4, 2)
    assert "No such file" in fails(tmp_path / "none.param", net)
    param = write(tmp_path / "net.param", net, "fp32", extra=" 5=0")
    assert "without bias" in fails(param, net)
    param = write(tmp_path / "net.param", net, "fp32", extra=" 6=many")
    assert "sizes" in fails(param, net)
    param = write(tmp_path / "net.param", net, "fp32")
    numbers = param.with_suffix(".bin").read_bytes()
    param.with_suffix(".bin").write_bytes(struct.pack("<I", 0x000D4B38) + numbers[4:])
    assert "quantised" in fails(param, net)
    param.write_bytes(bytes(np.random.default_rng(0).integers(128, 256, 100, dtype=np.uint8)))
    assert "cannot be read" in fails(param, net)
