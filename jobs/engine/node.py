"""The machine that an actor is on: its name for people, and whether it sees the folders of a run."""

import socket
import sys
from collections.abc import Sequence
from typing import Protocol

from ...models.errors import VidsharpError


class NodeError(VidsharpError, OSError):
    """A node cannot do any work of this run."""


def node_name() -> str:
    """The host's name, and the beginning of Ray's id where an actor asks: several nodes may share a host."""
    host, ray = socket.gethostname(), sys.modules.get("ray")  # where another engine is at work, it is not imported
    if ray is None or not ray.is_initialized():
        return host
    return f"{host} (Ray's {ray.get_runtime_context().get_node_id()[:8]})"


class Needed(Protocol):
    """What a node has to see or reach: a path, or an object on object storage. Its text is what people call it."""

    def exists(self) -> bool:
        """Whether it is there.

        Raises:
            VidsharpError: that cannot be found out from here.
        """
        ...


def check_sees(groups: Sequence[Sequence[Needed]]) -> None:
    """Makes sure that what the driver has is here too, at the same paths: of each group one at least, since single
    recordings may go while a run lasts. (That a folder exists says little: it may be where nothing is mounted.)

    Raises:
        NodeError: of a group there is none.
    """
    for paths in groups:
        try:
            seen = any(path.exists() for path in paths)
        except VidsharpError as error:
            raise NodeError(
                f"the node {node_name()} does not reach what the driver does: {error}; each node finds credentials and "
                "endpoints for itself"
            ) from error
        if not seen:
            raise NodeError(
                f"the node {node_name()} does not see {paths[0]}; recordings, --out and --staging must be on storage "
                "that every node has at the same path"
            )
