"""What is measured of a network is what is known of it."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from vidsharp.models.cpu.tiles import in_tiles
from vidsharp.models.foreign.reach import measured_reach
from vidsharp.models.foreign.same_size_net import SameSizeNet

from tests.support.foreign import small_net


def _conv(size: int, dilation: int = 1) -> nn.Module:
    torch.manual_seed(1)
    return nn.Conv2d(1, 1, size, padding=size // 2 * dilation, dilation=dilation)


def _cells(side: int) -> Callable[[Tensor], Tensor]:
    """The mean of each square of so many pixels."""

    def means(x: Tensor) -> Tensor:
        small = F.avg_pool2d(x, side, ceil_mode=True)
        return F.interpolate(small, scale_factor=side)[..., : x.shape[-2], : x.shape[-1]]

    return means


def _shifted(x: Tensor) -> Tensor:
    """Sees three pixels to the left, and none to any other side."""
    return x + 0.5 * F.pad(x, (3, 0))[..., :-3]


@pytest.mark.parametrize(
    ("net", "halo", "align"),
    [
        (lambda x: 1 - x, 0, 1),
        (_conv(3), 1, 1),
        (_conv(9), 4, 1),
        (_conv(5, dilation=8), 16, 1),
        (nn.Sequential(_conv(3), nn.ReLU(), _conv(7)), 4, 1),
        (_shifted, 3, 1),
        (_cells(4), 4, 4),
        (_conv(63), 31, 1),
        (lambda x: x + 0.5 * F.pad(x, (70, 0))[..., :-70], 70, 1),
    ],
)
def test_known_networks(net: Callable[[Tensor], Tensor], halo: int, align: int) -> None:
    reach = measured_reach(net, 1)
    assert (reach.align_px, reach.whole_pictures) == (align, False)
    assert halo <= reach.halo_px <= halo + align


@pytest.mark.parametrize(
    "net",
    [
        lambda x: x - x.mean(),
        lambda x: x + 1e-3 * x.amax((2, 3), keepdim=True),
        lambda x: x.flip(-1),
        lambda x: x * torch.linspace(0, 1, x.shape[-1]),
        _cells(6),
    ],
    ids=["mean", "a whisper of the maximum", "mirror", "by its place", "a grid of six"],
)
def test_where_tiles_are_not_the_picture_whole_pictures_are_computed(net: Callable[[Tensor], Tensor]) -> None:
    assert measured_reach(net, 1).whole_pictures


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_tiles_by_what_was_measured_are_the_picture(stride: int) -> None:
    net = SameSizeNet("", small_net(3, stride=stride), "rgb", by="", multiple=stride)
    reach = measured_reach(net, 3)
    picture = torch.rand(1, 3, 160, 224)
    with torch.inference_mode():
        tiled = in_tiles(net, picture, halo=reach.halo_px, align=reach.align_px, tile=(32, 64))
        assert torch.allclose(tiled, net(picture), atol=1e-5)
