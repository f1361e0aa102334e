"""The `reference` student: the network of the project report, unchanged in structure and parameter names."""

from collections.abc import Mapping
from copy import deepcopy

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import passthrough
from .half import cast_weights, exactly
from .protocol import Domain


class Sigmoid(nn.Sigmoid):
    """The same function; without gradients, each element's bits do not depend on where in memory it lies.

    Torch's own works on vectors and treats the last few elements of each thread's share otherwise, so that a tile would
    differ from the frame in single bits there.
    """

    def forward(self, input: Tensor) -> Tensor:
        return super().forward(input) if torch.is_grad_enabled() else input.neg().exp_().add_(1).reciprocal_()


class ResidualBlock(nn.Module):
    """conv, ReLU, conv, plus the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, channels, 3, padding=1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.block(x)


class ReferenceStudent(nn.Module):
    """RGB in, RGB out, 503,683 parameters, about 266 GMAC per 1080p frame."""

    domain: Domain = "rgb"
    sees_beyond_halo = False
    looks = 1
    radius = 0
    far_neighbours = ()
    align_px = 2
    """A tile or strip must start at an even row and column, or the stride-2 grid moves."""
    halo_px = 8
    """Conv 1 + (stride-2 conv 1, residual block 2 and transposed conv 1 at half size, doubled) + conv 1, made even."""
    feature_layer = "resblock"

    def __init__(self) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), nn.Conv2d(64, 128, 3, stride=2, padding=1), nn.ReLU()
        )
        self.resblock = ResidualBlock(128)
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(128, 64, 4, stride=2, padding=1), nn.ReLU(), nn.Conv2d(64, 3, 3, padding=1), Sigmoid()
        )

    @classmethod
    def of(cls) -> "ReferenceStudent":
        """An untrained student; there is one size."""
        return cls()

    @classmethod
    def like(cls, state: Mapping[str, Tensor]) -> "ReferenceStudent":
        """As `of`, whatever the state dict."""
        return cls()

    @torch.no_grad()
    def with_weights_in(self, dtype: torch.dtype) -> "ReferenceStudent":
        """As `ReadiesWeights`. The encoder stays in float32."""
        made = deepcopy(self)
        cast_weights(made.resblock, made.decoder, dtype=dtype)
        return made

    def start_as_identity(self) -> None:
        """As `passthrough.start_as_identity`: the report's own start is random."""
        passthrough.start_as_identity(self)

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        """Sharpens RGB.

        Args:
            x: float [N, 3, H, W] in 0..1. An odd H or W is made even by repeating the edge, and cropped back; the
                report's network has no answer of the input's size there.

        Returns:
            (float [N, 3, H, W] in 0..1, None): the None keeps the report's calling convention.
        """
        height, width = x.shape[-2:]
        if height % 2 or width % 2 or torch.onnx.is_in_onnx_export():  # what is exported takes any size
            x = F.pad(x, (0, width % 2, 0, height % 2), mode="replicate")
        with exactly(x):  # a sixth of the work; in half precision it alone would move the picture by code values
            seen = self.encoder(x)
        image = self.decoder(self.resblock(seen))
        return image[..., :height, :width], None
