"""The report's perceptual loss: how far apart two pictures are in the features of VGG16 (Johnson et al., ECCV 2016)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ...models.nets.checkpoint import load_into, read_state_dict
from ..errors import LossError

CHANNELS = (64, 64, None, 128, 128, None, 256, 256, 256)
"""Output channels of torchvision's vgg16 up to `features[:16]` (relu3_3); None halves the picture."""
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet's RGB, documented with torchvision's VGG16_Weights."""
FILE = "vgg16-397923af.pth"


class Vgg16Loss(nn.Module):
    """Mean L1 distance between `features[:16]` of two pictures; frozen, so gradients reach the pictures only."""

    mean: Tensor
    std: Tensor

    def __init__(self, weights: Mapping[str, Tensor], normalise: bool = True, source: str | Path = FILE) -> None:
        """Builds the network around weights.

        Args:
            weights: torchvision's `features.N.weight` and `.bias` (or `N.weight`, `N.bias`); more is left alone.
            normalise: bring RGB to ImageNet's mean and deviation first, as the network was trained; the report
                does not.
            source: what to call the weights in an error.

        Raises:
            CheckpointError: the weights are not those of a VGG16.
        """
        super().__init__()
        self.features = vgg16_features()
        bare = not any(name.startswith("features.") for name in weights)
        named = {f"features.{name}" if bare else name: value for name, value in weights.items()}
        load_into(self, {name: named[name] for name in self.state_dict() if name in named}, source)
        mean, std = (MEAN, STD) if normalise else ((0.0,) * 3, (1.0,) * 3)
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)
        self.requires_grad_(False).eval()

    @classmethod
    def load(cls, weights: Path | None = None, normalise: bool = True) -> Self:
        """The loss with weights from a file, or with those that torchvision keeps in its cache or downloads (528 MB).

        Raises:
            CheckpointError: the file is missing, is no checkpoint, or holds no VGG16.
            LossError: no file was given, and torchvision has none and cannot get it.
        """
        if weights is not None:
            return cls(read_state_dict(weights), normalise, weights)
        return cls(_downloaded(), normalise)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """The distance of two batches of pictures.

        Args:
            x, y: float [N, 3 or 1, H, W] in 0..1, RGB or luma (which is taken for grey), with H, W ≥ 4.

        Returns:
            A scalar: the mean over all features of all pictures.
        """
        return F.l1_loss(self._features_of(x), self._features_of(y))

    def _features_of(self, x: Tensor) -> Tensor:
        """Float [N, 256, ⌊H/4⌋, ⌊W/4⌋]."""
        return self.features((x.expand(-1, 3, -1, -1) - self.mean) / self.std)


def vgg16_features() -> nn.Sequential:
    """`features[:16]` of torchvision's vgg16 under the same names, with random weights."""
    layers: list[nn.Module] = []
    before = 3
    for channels in CHANNELS:
        if channels is None:
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [nn.Conv2d(before, channels, 3, padding=1), nn.ReLU(inplace=True)]
            before = channels
    return nn.Sequential(*layers)


def _downloaded() -> Mapping[str, Tensor]:
    try:
        from torchvision.models import VGG16_Weights  # a slow import, and only needed here

        return VGG16_Weights.DEFAULT.get_state_dict(check_hash=True, weights_only=True, map_location="cpu")
    except Exception as error:  # network, cache and a torchvision made for another torch fail in many ways
        raise LossError(
            f"VGG16's weights can neither be read from torchvision's cache nor downloaded ({type(error).__name__}); "
            f"give a path to torchvision's {FILE}."
        ) from error
