"""The `fast` student: learned linear filters on luma, blended per pixel by a small net that works at quarter size.

A small net at quarter size cannot carry a sharpening filter through its few channels, so the linear part has a path
of its own: K filters of 9×9 taps whose taps sum to zero (a flat area stays flat). On planes unshuffled by 4, each is
exactly one 3×3 convolution 16 → 16, so all run as dense convolutions, at a sixteenth of the positions.

The net that blends them must tell soft from sharp at any contrast, so it sees a learned local spectrum (it starts as
the 4×4 cosine transform) both as it is and as log-magnitude, where a ratio of two bands is a difference.
"""

import math
from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FACTOR = 4
PHASES = FACTOR * FACTOR
TAPS = 2 * FACTOR + 1  # the widest filter that one 3×3 convolution on unshuffled planes can hold
FLOOR = 4 / 255
"""One 8-bit step, as the spectrum is scaled: what lies below it is noise."""


class FastStudent(nn.Module):
    """out = luma + Σ weightₖ · (filterₖ ∗ luma) + offset; weights and offset come from the guide net, one per pixel.

    Args:
        bands: number K of linear filters.
        width: channels of the guide net.
        depth: 3×3 convolutions in a row in the guide net, the spectrum's included, at least 2.

    A fresh student is the identity: the guide's last layer starts at zero.
    """

    align_px = FACTOR
    """A tile must start at a multiple of this, or the unshuffled grid moves."""

    def __init__(self, bands: int = 6, width: int = 16, depth: int = 4) -> None:
        super().__init__()
        self.bands = bands
        self.halo_px = FACTOR * depth
        """An output pixel depends on no pixel farther from its aligned 4×4 cell than this."""
        self.filters = nn.Parameter(_first_filters(bands))
        self.spectrum = nn.Conv2d(PHASES, PHASES, 3)
        _start_as_cosines(self.spectrum)
        channels = 2 * PHASES
        layers: list[nn.Module] = []
        for _ in range(depth - 2):
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.LeakyReLU(0.1)]
            channels = width
        head = nn.Conv2d(channels, PHASES * (bands + 1), 3, padding=1)
        for parameter in head.parameters():
            nn.init.zeros_(parameter)
        self.guide = nn.Sequential(*layers, head)
        self.register_buffer("_tap_index", _tap_index(), persistent=False)

    @classmethod
    def like(cls, state: Mapping[str, Tensor]) -> "FastStudent":
        """An untrained student of the size that a state dict with `filters` and `guide.*` was saved from."""
        convs = [name for name in state if name.startswith("guide.") and name.endswith(".weight")]
        width = state["guide.0.weight"].shape[0] if len(convs) > 1 and "guide.0.weight" in state else 16
        return cls(bands=state["filters"].shape[0], width=width, depth=max(len(convs) + 1, 2))

    def forward(self, luma: Tensor) -> Tensor:
        """Sharpens luma.

        Args:
            luma: float [N, 1, H, W], code value / (2^depth − 1); any H, W ≥ 1 (edges are repeated inside).

        Returns:
            Float [N, 1, H, W] in the same scale, not clamped.
        """
        height, width = luma.shape[-2:]
        below, right = -height % FACTOR, -width % FACTOR
        padded = F.pad(luma, (FACTOR, FACTOR + right, FACTOR, FACTOR + below), mode="replicate")
        cells = F.pixel_unshuffle(padded, FACTOR).contiguous(memory_format=torch.channels_last)
        bands = F.conv2d(cells, self._cell_weights())
        spectrum = self.spectrum((cells - cells.mean(dim=1, keepdim=True)) * 4)
        loudness = torch.log(spectrum.abs() + FLOOR) * 0.3 + 1.2  # about 0..1.5
        weights = self._guide_both(spectrum, loudness)
        residual = weights[:, :PHASES]
        for k in range(self.bands):
            residual = torch.addcmul(
                residual, weights[:, (k + 1) * PHASES : (k + 2) * PHASES], bands[:, k * PHASES : (k + 1) * PHASES]
            )
        return luma + F.pixel_shuffle(residual, FACTOR)[..., :height, :width]

    def _guide_both(self, spectrum: Tensor, loudness: Tensor) -> Tensor:
        """The guide net on both inputs at once; its first convolution (a Conv2d of 32 channels) is done in two halves.

        oneDNN sums 32 input channels in an order that depends on the picture's size, 16 in one that does not; so a
        tile gives the whole frame's result to the last bit.
        """
        first = self.guide[0]
        weight, bias = first.get_parameter("weight"), first.get_parameter("bias")
        signed, magnitudes = weight[:, :PHASES], weight[:, PHASES:]
        x = F.conv2d(spectrum, signed, bias, padding=1) + F.conv2d(loudness, magnitudes, padding=1)
        return self.guide[1:](x)

    def _cell_weights(self) -> Tensor:
        """The filters as weights [16·K, 16, 3, 3] of one convolution between unshuffled planes."""
        flat = (self.filters - self.filters.mean(dim=(1, 2), keepdim=True)).flatten(1)
        taps = torch.cat([flat, flat.new_zeros(self.bands, 1)], dim=1)  # index 81: outside of the filter
        index: Tensor = self.get_buffer("_tap_index")
        weights = taps[:, index.flatten()].reshape(self.bands * PHASES, PHASES, 3, 3)
        return weights.contiguous(memory_format=torch.channels_last)


def _tap_index() -> Tensor:
    """int64 [16, 16, 3, 3]: which tap of a 9×9 filter joins output phase, input phase and cell offset; 81 for none."""
    index = torch.full((PHASES, PHASES, 3, 3), TAPS * TAPS)
    for out in range(PHASES):
        for inp in range(PHASES):
            for cell in range(9):
                row = (cell // 3 - 1) * FACTOR + inp // FACTOR - out // FACTOR + FACTOR
                col = (cell % 3 - 1) * FACTOR + inp % FACTOR - out % FACTOR + FACTOR
                if 0 <= row < TAPS and 0 <= col < TAPS:
                    index[out, inp, cell // 3, cell % 3] = row * TAPS + col
    return index


@torch.no_grad()
def _start_as_cosines(spectrum: nn.Conv2d) -> None:
    """Sets a convolution near the orthonormal 4×4 cosine transform (DCT-II) of each cell, halved."""
    n = torch.arange(FACTOR, dtype=torch.float32)
    waves = [torch.cos(math.pi * (n + 0.5) * k / FACTOR) * (0.5 if k == 0 else math.sqrt(0.5)) for k in range(FACTOR)]
    line = torch.stack(waves)
    spectrum.weight.mul_(0.1)
    spectrum.weight[:, :, 1, 1] += torch.einsum("ai,bj->abij", line, line).reshape(PHASES, PHASES) / 2
    for parameter in spectrum.parameters():
        if parameter.ndim == 1:
            parameter.zero_()


def _first_filters(bands: int) -> Tensor:
    """float32 [K, 9, 9]: pixel minus Gaussians of growing width, the classic unsharp masks, to start from."""
    grid = torch.arange(TAPS, dtype=torch.float32) - FACTOR
    squared = grid[:, None] ** 2 + grid[None, :] ** 2
    filters = []
    for k in range(bands):
        sigma = 0.5 * 1.45**k
        blur = torch.exp(-squared / (2 * sigma * sigma))
        spike = torch.zeros(TAPS, TAPS)
        spike[FACTOR, FACTOR] = 1
        filters.append(spike - blur / blur.sum())
    return torch.stack(filters)
