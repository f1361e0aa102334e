"""The protocol of a student's network: which planes it sees, how far it looks, and how it is called."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch
    from torch import Tensor

    from .blend_weights import BlendWeights

Domain = Literal["luma", "rgb"]
"""`luma`: Y alone, chroma stays as it is. `rgb`: all three, by the source's own matrix and range."""


class StudentNet(Protocol):
    """A network whose class or instances say what a caller must know. It is an `nn.Module`, too.

    It takes float [N, P·C, H, W] in 0..1, of any H and W: C = 1 or 3 channels of each of the P pictures that it sees
    together (`offsets_of`). It gives the middle one, [N, C, H, W], or that and something else (`forward`).

    At the first and the last picture of a recording, the nearest picture stands for those that are not there. So it
    does where whole frames and fields take turns; the fields of interlaced frames are two sequences. A scene cut is
    nothing special: what to make of pictures of another scene is for the network to say.
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
    radius: int
    """How many pictures before and after each one it sees; 0: it alone."""
    far_neighbours: tuple[int, ...]
    """Which pictures farther away it sees beside them: how many pictures later, or if negative earlier; e.g. (-8,)."""


if TYPE_CHECKING:

    class StudentModule(torch.nn.Module, StudentNet):
        """A network as both: the module that torch runs, and what it says of itself. For types only."""


def offsets_of(net: StudentNet) -> tuple[int, ...]:
    """The pictures that a network sees together, counted from the one that it gives, in the order of its channels: the
    neighbours as they are shown, then the far ones."""
    return (*range(-net.radius, net.radius + 1), *net.far_neighbours)


def context_of(offsets: Sequence[int]) -> tuple[int, int]:
    """How many pictures before and after each one are needed for it."""
    return max(0, *(-offset for offset in offsets)), max(0, *offsets)


LICENCE_KEYS = ("licence", "license", "modelspec.license")
"""The names under which files of networks have their licence."""


@runtime_checkable
class HasBlendWeights(Protocol):
    """A network that the C library can do."""

    def as_arrays(self) -> "BlendWeights":
        """As `BlendStudent.as_arrays`."""
        ...


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
class ReadiesWeights(Protocol):
    """A network that can have its weights ready for passes without gradients."""

    def with_weights_in(self, dtype: "torch.dtype") -> "StudentModule":
        """A network of its own for `in_type(dtype)` alone, float32 or of 16 bits, with the same answers there to the
        last bit: what each pass would derive from weights, and cast, is done once. Layers that compute `exactly` keep
        float32."""
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


@runtime_checkable
class OfOthers(Protocol):
    """A network that was not made here, and that only its file tells of."""

    licence: str | None
    """What its file says."""
    on_cpu_only: bool
    """Whether its computing knows no GPU."""

    @property
    def computed_by(self) -> str:
        """What its bits depend on beside torch."""
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
