"""How often a piece of work was tried, and how often it may be: by why it had to be tried again."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args

Cause = Literal["failed", "gpu_lost", "node_lost", "preempted"]
"""Why work is tried again: it failed or its process died; its GPU failed; its machine was lost, or taken away by who
runs the cluster, which says nothing against the work."""

CAUSES: tuple[Cause, ...] = get_args(Cause)

MAX_RETRIES = 3
"""Work that fails is tried this many times more, on other actors where there are any."""

BOUNDS: Mapping[Cause, int] = {"failed": MAX_RETRIES + 1, "gpu_lost": 3, "node_lost": 10}
"""So often may it end for each cause before it is given up, each counted by itself. A machine or a GPU that dies says
nothing against the work, so none of these counts as a failure; but the work may be what kills them: where a container
runs out of memory, its whole node is gone. Machines that are taken away are not counted."""


@dataclass(frozen=True)
class Tries:
    """Attempts that came to nothing, by cause."""

    failed: int = 0
    gpu_lost: int = 0
    node_lost: int = 0
    preempted: int = 0

    @property
    def all(self) -> int:
        """Attempts so far."""
        return self.failed + self.gpu_lost + self.node_lost + self.preempted

    def after(self, cause: Cause) -> "Tries | None":
        """With one more; None where that is one too many."""
        count = getattr(self, cause) + 1
        return None if count >= BOUNDS.get(cause, count + 1) else replace(self, **{cause: count})


UNTRIED = Tries()
"""Of work that is new."""
