"""The protocol of a student's network: which planes it sees, how far it looks, and how it is called."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch
    from torch import Tensor

Domain = Literal["luma", "rgb"]
"""`luma`: Y alone, chroma stays as it is. `rgb`: all three, by the source's own matrix and range."""


class StudentNet(Protocol):
    """A network whose class or instances say what a caller must know. It is an `nn.Module`, too.

    It takes float [N, 1, H, W] or [N, 3, H, W] in 0..1, of any H and W, and gives the same shape, or that and
    something else (`forward`).
    """

    domain: Domain
    halo_px: int
    """Pixels around a tile that its output depends on."""
    align_px: int
    """Tiles must start at multiples of this."""
    sees_beyond_halo: bool
    """Whether it looks farther than that, so that no part of a frame can be computed alone and equal the frame."""
    looks: int
    """2 where it has a crisp look beside the natural one (`HasTwoLooks`); else 1."""
    feature_layer: str
    """The submodule whose answers students learn from (`training/loss/affinity.py`)."""


if TYPE_CHECKING:

    class StudentModule(torch.nn.Module, StudentNet):
        """A network as both: the module that torch runs, and what it says of itself. For types only."""


@runtime_checkable
class TakesCodes(Protocol):
    """A network that has a way of its own from a plane's codes to codes."""

    def sharpen_codes(self, codes: "Tensor", peak: int, strength: float, strip_pixels: int) -> "Tensor":
        """As `BlendStudent.sharpen_codes`."""
        ...

    def strip_shapes(self, height: int, width: int, strip_pixels: int) -> set[tuple[int, int]]:
        """As `BlendStudent.strip_shapes`."""
        ...


@runtime_checkable
class StartsAtRandom(Protocol):
    """A network that is far from the identity when it is built, as others are not, but can be set near it."""

    def start_as_identity(self) -> None:
        """Sets its weights so that it gives nearly what it is given."""
        ...


@runtime_checkable
class HasTwoLooks(Protocol):
    """A network that has a crisp look beside the natural one where its `looks` are 2."""

    def with_look(self, look: float) -> "StudentModule":
        """The network with one look, a blend of the two."""
        ...

    def both(self, x: "Tensor") -> "tuple[Tensor, Tensor]":
        """The natural picture and the crisp one, in one pass."""
        ...


class Buildable(Protocol):
    """The class of a network that recipes and checkpoints name."""

    def of(self, **size: object) -> "torch.nn.Module":
        """An untrained network of a size."""
        ...

    def like(self, state: "Mapping[str, Tensor]") -> "torch.nn.Module":
        """An untrained network of the size that a state dict was saved from."""
        ...


def forward(net: "torch.nn.Module", x: "Tensor") -> "Tensor":
    """The image that a student makes of x, float of x's shape; the reference gives (image, None)."""
    import torch

    out = net(x.contiguous(memory_format=torch.channels_last))
    return out[0] if isinstance(out, tuple) else out
