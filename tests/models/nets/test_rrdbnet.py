"""Real-ESRGAN's network by the names and sizes of the official release."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor
from vidsharp.models.errors import CheckpointError
from vidsharp.models.nets.checkpoint import load_into, read_state_dict
from vidsharp.models.nets.rrdbnet import SCALE, RRDBNet


def official_names(blocks: int) -> list[str]:
    """The keys of `params_ema` in `RealESRGAN_x4plus.pth`, in its order."""
    inside = [f"body.{b}.rdb{d}.conv{c}" for b in range(blocks) for d in (1, 2, 3) for c in (1, 2, 3, 4, 5)]
    layers = ["conv_first", *inside, "conv_body", "conv_up1", "conv_up2", "conv_hr", "conv_last"]
    return [f"{layer}.{kind}" for layer in layers for kind in ("weight", "bias")]


def test_names_and_parameters_are_those_of_the_release() -> None:
    with torch.device("meta"):
        net = RRDBNet()
    assert list(net.state_dict()) == official_names(23)
    assert len(net.state_dict()) == 702
    assert sum(p.numel() for p in net.parameters()) == 16_697_987
    assert net.state_dict()["body.22.rdb3.conv5.weight"].shape == (64, 192, 3, 3)


def test_an_official_file_loads_strictly(tmp_path: Path) -> None:
    torch.manual_seed(0)
    trained, fresh = RRDBNet(2, 8), RRDBNet(2, 8)
    path = tmp_path / "RealESRGAN_x4plus.pth"
    torch.save({"params_ema": trained.state_dict()}, path)
    load_into(fresh, read_state_dict(path), path)
    x = torch.rand(1, 3, 6, 5)
    assert torch.equal(trained(x), fresh(x))
    torch.save({"params_ema": {k: v for k, v in trained.state_dict().items() if k != "conv_hr.bias"}}, path)
    with pytest.raises(CheckpointError, match=r"missing.*conv_hr\.bias"):
        load_into(fresh, read_state_dict(path), path)


def test_it_makes_pictures_of_four_times_the_size() -> None:
    torch.manual_seed(0)
    net = RRDBNet(1, 4).eval()
    with torch.inference_mode():
        assert net(torch.rand(2, 3, 5, 7)).shape == (2, 3, 5 * SCALE, 7 * SCALE)


def by_the_paper(state: dict[str, Tensor], x: Tensor, blocks: int) -> Tensor:
    """The network as its authors wrote it down, on plain tensors."""

    def conv(name: str, x: Tensor) -> Tensor:
        return F.conv2d(x, state[f"{name}.weight"], state[f"{name}.bias"], padding=1)

    def lrelu(x: Tensor) -> Tensor:
        return torch.where(x > 0, x, 0.2 * x)

    def dense(name: str, x: Tensor) -> Tensor:
        x1 = lrelu(conv(f"{name}.conv1", x))
        x2 = lrelu(conv(f"{name}.conv2", torch.cat((x, x1), 1)))
        x3 = lrelu(conv(f"{name}.conv3", torch.cat((x, x1, x2), 1)))
        x4 = lrelu(conv(f"{name}.conv4", torch.cat((x, x1, x2, x3), 1)))
        return conv(f"{name}.conv5", torch.cat((x, x1, x2, x3, x4), 1)) * 0.2 + x

    first = out = conv("conv_first", x)
    for b in range(blocks):
        inner = out
        for d in (1, 2, 3):
            inner = dense(f"body.{b}.rdb{d}", inner)
        out = inner * 0.2 + out
    feat = first + conv("conv_body", out)
    for name in ("conv_up1", "conv_up2"):
        feat = lrelu(conv(name, feat.repeat_interleave(2, 2).repeat_interleave(2, 3)))
    return conv("conv_last", lrelu(conv("conv_hr", feat)))


def test_it_reckons_as_the_paper_says() -> None:
    torch.manual_seed(1)
    net, x = RRDBNet(2, 8).eval(), torch.rand(1, 3, 6, 4)
    with torch.inference_mode():
        torch.testing.assert_close(net(x), by_the_paper(net.state_dict(), x, 2), atol=1e-5, rtol=1e-5)
