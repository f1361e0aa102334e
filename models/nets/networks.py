"""The kinds of networks that recipes name and checkpoints hold: a new one is a line here and a class beside it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

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
    """The planes that it works on; None where that depends on its size."""
    domain_by_size: Callable[[Mapping[str, Any]], Domain] | None = None
    """Where it does: the planes for what the class's `of` takes."""

    def domain_of(self, size: Mapping[str, Any]) -> Domain:
        """The planes that one of a size works on, without building it."""
        if self.domain_by_size is not None:
            return self.domain_by_size(size)
        assert self.domain is not None, "a kind without a domain has one by size"
        return self.domain

    @property
    def made_by(self) -> Buildable:
        """Its class."""
        return getattr(import_module(self.module, __package__), self.name)


def _begins(*prefixes: str) -> Callable[[Collection[str]], bool]:
    return lambda names: any(name.startswith(prefixes) for name in names)


def _is_swinir(names: Collection[str]) -> bool:
    return "conv_first.weight" in names and _begins("layers.0.residual_group.")(names)


def _swinir_domain(size: Mapping[str, Any]) -> Domain:
    return "rgb" if size.get("in_chans", 3) == 3 else "luma"


NETWORKS: Mapping[str, Network] = {
    "blend": Network(".blend", "BlendStudent", lambda names: "filters" in names, "luma"),
    "reference": Network(".reference", "ReferenceStudent", _begins("encoder.", "resblock.", "decoder."), "rgb"),
    "swinir": Network(".teacher", "SwinIRTeacher", _is_swinir, None, _swinir_domain),
}


def network_in(names: Collection[str]) -> Network | None:
    """The kind whose weights have these names; None where it is none of them."""
    return next((network for network in NETWORKS.values() if network.is_of(names)), None)
