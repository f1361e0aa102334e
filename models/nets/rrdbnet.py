"""Real-ESRGAN's network (RRDBNet ×4, Wang et al. 2021), by the names of the official release.

It is a super-resolution network: [N, 3, H, W] to [N, 3, 4H, 4W], RGB in 0..1. Nothing in it depends on the place but
zero padding at the borders.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROWTH = 32
"""Channels that each convolution of a dense block adds."""
SCALE = 4


class DenseBlock(nn.Module):
    """Five convolutions, each of which sees the answers of all before it; the last one is added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        for i in range(1, 5):
            setattr(self, f"conv{i}", nn.Conv2d(channels + (i - 1) * GROWTH, GROWTH, 3, padding=1))
        self.conv5 = nn.Conv2d(channels + 4 * GROWTH, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, channels, H, W] to the same."""
        seen = x
        for i in range(1, 5):
            new = F.leaky_relu(self.get_submodule(f"conv{i}")(seen), 0.2)
            seen = torch.cat((seen, new), 1)
        return x + 0.2 * self.conv5(seen)


class ResidualBlock(nn.Module):
    """Three dense blocks in a row, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (DenseBlock(channels) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        """float [N, channels, H, W] to the same."""
        return x + 0.2 * self.rdb3(self.rdb2(self.rdb1(x)))


class RRDBNet(nn.Module):
    """The network of `RealESRGAN_x4plus`: 23 blocks of 64 channels, 16.7 million parameters.

    Args:
        blocks: 23 in x4plus, 6 in x4plus_anime.
        channels: 64 in both.
    """

    def __init__(self, blocks: int = 23, channels: int = 64) -> None:
        super().__init__()
        self.conv_first = nn.Conv2d(3, channels, 3, padding=1)
        self.body = nn.Sequential(*(ResidualBlock(channels) for _ in range(blocks)))
        self.conv_body = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv_up1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv_up2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv_hr = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv_last = nn.Conv2d(channels, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """float [N, 3, H, W] in 0..1 to [N, 3, 4H, 4W], about 0..1 and not clamped."""
        x = self.conv_first(x)
        x = x + self.conv_body(self.body(x))
        for up in (self.conv_up1, self.conv_up2):
            x = F.leaky_relu(up(F.interpolate(x, scale_factor=2, mode="nearest")), 0.2)
        return self.conv_last(F.leaky_relu(self.conv_hr(x), 0.2))
