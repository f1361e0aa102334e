"""The kinds of networks that recipes name and checkpoints hold: a new one is a line here and a class beside it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from importlib import import_module

from .protocol import Buildable, Domain


@dataclass(frozen=True)
class Network:
    """A kind of network. Its class is imported when one is built, since that takes torch."""

    module: str
    """As `import` takes it in this folder: with a dot before its name if it lies here."""
    name: str
    """Of the class, which has the methods `of` and `like`."""
    is_of: Callable[[Collection[str]], bool]
    """Whether the names in a state dict are those of this kind."""
    domain: Domain | None
    """The planes that it works on; None where each of its size says so by itself."""

    @property
    def made_by(self) -> Buildable:
        """Its class."""
        return getattr(import_module(self.module, __package__), self.name)


def _begins(*prefixes: str) -> Callable[[Collection[str]], bool]:
    return lambda names: any(name.startswith(prefixes) for name in names)


def _is_swinir(names: Collection[str]) -> bool:
    return "conv_first.weight" in names and _begins("layers.0.residual_group.")(names)


NETWORKS: Mapping[str, Network] = {
    "blend": Network(".blend", "BlendStudent", lambda names: "filters" in names, "luma"),
    "reference": Network(".reference", "ReferenceStudent", _begins("encoder.", "resblock.", "decoder."), "rgb"),
    "swinir": Network(".teacher", "SwinIRTeacher", _is_swinir, None),
}


def network_in(names: Collection[str]) -> Network | None:
    """The kind whose weights have these names; None where it is none of them."""
    return next((network for network in NETWORKS.values() if network.is_of(names)), None)
