"""Engines by name: what `--engine` accepts. A new one is a line here and a module beside this one."""

from dataclasses import dataclass
from importlib import import_module
from typing import Literal

from .protocol import ClusterError, Engine

EngineName = Literal["ray", "local"]


@dataclass(frozen=True)
class Registered:
    """Where an engine is, which is imported only where it is used, and what it can do."""

    module: str
    """In this package."""
    class_name: str
    joins_clusters: bool = False
    """Whether it takes the address of a cluster."""


ENGINES: dict[EngineName, Registered] = {
    "ray": Registered("ray_engine", "RayEngine", joins_clusters=True),
    "local": Registered("local_engine", "LocalEngine"),
}

DEFAULT_ENGINE: EngineName = "ray"


def open_engine(name: EngineName, address: str | None = None) -> Engine:
    """An engine that is not started yet: it is used in a `with` block.

    Args:
        address: of a cluster, for engines that join them; None starts one on this machine.

    Raises:
        ClusterError: what the engine is made of cannot be imported.
    """
    registered = ENGINES[name]
    try:
        engine = getattr(import_module(f".{registered.module}", __package__), registered.class_name)
    except ImportError as error:
        raise ClusterError(
            f"the engine {name!r} cannot be imported here ({error}); --engine local works without it"
        ) from error
    return engine(address) if registered.joins_clusters else engine()
