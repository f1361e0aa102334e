"""Teaching by features: He et al., "FAKD: Feature-affinity based knowledge distillation", ICIP 2020.

A picture's feature affinity says how alike its places look to a network. It has the same shape for networks of any
width, so a small student can follow a large teacher without an adaptor between their channels.
"""

import torch.nn.functional as F
from torch import Tensor, nn

GRID = 12
"""Features are averaged to so many places a side, which makes networks of different strides comparable."""


class FeatureTap:
    """Keeps what a network's `feature_layer` gave in its last forward pass."""

    def __init__(self, net: nn.Module) -> None:
        self.features: Tensor | None = None
        net.get_submodule(str(net.feature_layer)).register_forward_hook(self._keep)

    def _keep(self, module: nn.Module, given: tuple[Tensor, ...], out: Tensor) -> None:
        self.features = out

    def affinity(self) -> Tensor:
        """Of the last pass: float [N, 144, 144], cosines between the features at each two places."""
        assert self.features is not None, "the network has not run yet"
        places = F.adaptive_avg_pool2d(self.features.float(), GRID).flatten(2)
        unit = F.normalize(places, dim=1)
        return unit.mT @ unit
