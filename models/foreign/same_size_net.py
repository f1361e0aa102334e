"""A network of others as a `StudentNet`: padded to the size that it needs, its reach measured when it is asked for."""

from collections.abc import Callable
from functools import cached_property

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..errors import CheckpointError
from ..nets.protocol import Domain
from .reach import Reach, measured_reach

Compute = Callable[[Tensor], Tensor]


class SameSizeNet(nn.Module):
    """Any function of one picture that gives one of its size."""

    looks = 1
    radius = 0
    far_neighbours = ()
    feature_layer = ""

    def __init__(
        self,
        source: str,
        compute: Compute,
        domain: Domain,
        *,
        by: str,
        licence: str | None = None,
        multiple: int = 1,
        minimum: int = 1,
        module: nn.Module | None = None,
    ) -> None:
        """
        Args:
            source: the file, for errors.
            compute: maps float32 [1, 1 or 3, H, W] in 0..1 to the same shape, of sides that it takes.
            by: what computes it, as people call it.
            licence: what its file says.
            multiple, minimum: of the sides that it takes.
            module: torch's module within `compute`, so that it comes along to a device.
        """
        super().__init__()
        self.domain: Domain = domain
        self.licence = licence
        self.source = source
        self._by = by
        self._multiple, self._minimum = multiple, minimum
        self._compute = [compute]  # in a list, so that torch does not take its weights twice
        self.inner = module
        self.on_cpu_only = module is None

    @property
    def channels(self) -> int:
        """Of a picture."""
        return 3 if self.domain == "rgb" else 1

    @cached_property
    def reach(self) -> Reach:
        """Measured once."""
        return measured_reach(self, self.channels)

    @property
    def halo_px(self) -> int:
        """As `StudentNet.halo_px`."""
        return self.reach.halo_px

    @property
    def align_px(self) -> int:
        """As `StudentNet.align_px`."""
        return self.reach.align_px

    @property
    def sees_beyond_halo(self) -> bool:
        """As `StudentNet.sees_beyond_halo`."""
        return self.reach.whole_pictures

    @property
    def computed_by(self) -> str:
        """What its bits depend on beside torch: what computes it, and how it is cut."""
        halo = "whole pictures" if self.reach.whole_pictures else f"reach {self.halo_px}, grid {self.align_px}"
        return f"{self._by}, {halo}"

    def forward(self, x: Tensor) -> Tensor:
        """The network's picture.

        Args:
            x: float [N, C, H, W] in 0..1, of any H and W: edges are repeated up to the sides that it takes.

        Raises:
            CheckpointError: its picture has another size or other channels.
        """
        height, width = x.shape[-2:]
        below, right = (self._missing(side) for side in (height, width))
        padded = F.pad(x, (0, right, 0, below), mode="replicate") if below or right else x
        made = [self._one(picture) for picture in padded.split(1)]
        return torch.cat(made)[..., :height, :width] if len(made) > 1 else made[0][..., :height, :width]

    def _one(self, picture: Tensor) -> Tensor:
        made = self._compute[0](picture)
        if made.shape != picture.shape:
            raise CheckpointError(
                f"The network '{self.source}' makes {_shown(made)} of {_shown(picture)}; only networks that keep the "
                "picture's size and colours are run here."
            )
        return made

    def _missing(self, side: int) -> int:
        wanted = max(side, self._minimum)
        return wanted + -wanted % self._multiple - side


@torch.inference_mode()
def check_answers(net: SameSizeNet) -> None:
    """Tries a network on two plain grey pictures.

    Raises:
        CheckpointError: it fails, its answer has another size, or is no picture of 0..1.
    """
    for size in ((64, 64), (72, 104)):
        picture = torch.full((1, net.channels, *size), 0.5)
        try:
            answer = net(picture)
        except CheckpointError:
            raise
        except Exception as error:  # whatever a network of others makes of it
            said = " ".join(str(error).split())[:200]
            raise CheckpointError(
                f"The network '{net.source}' fails on a picture of {size[1]}×{size[0]}: {said}."
            ) from error
        if not (answer.isfinite().all() and answer.min() >= -1 and answer.max() <= 2):
            raise CheckpointError(
                f"The network '{net.source}' makes values of {answer.min():.3g} to {answer.max():.3g} of a grey "
                "picture; only networks that take and give values of 0 to 1 are run here."
            )


def _shown(picture: Tensor) -> str:
    return "×".join(map(str, picture.shape))
