"""The recordings and workspaces on disks of a run's nodes: what each has, what it has room for, and what goes."""

import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ...models.errors import VidsharpError
from ..engine.actors import POLL_S, ActorPool
from ..engine.node import node_name
from ..engine.schedule import Room
from ..files.clips import Clip
from ..files.storage import Storage

if TYPE_CHECKING:  # which imports what talks to object storage
    from ..files.far_recording import FarRecording, Removal
    from ..files.far_work import FarWork

TIDY_S = 10.0
"""So long a run waits at its end for nodes to remove what is left there. The next run into its output does so, too."""


@dataclass
class Scratch:
    """What the driver knows of its nodes' disks: it alone says who brings what. Recordings on disks that all nodes see
    are none of it."""

    storage: Storage
    ceiling_bytes: float | None = None
    """For each node."""
    _held: dict[str | None, dict[str, "FarRecording"]] = field(default_factory=dict)
    """By node and clip."""
    _gone: dict[str | None, list[Path]] = field(default_factory=dict)
    """Recordings of clips that have ended, which nodes have not been told to remove."""
    _under_way: dict[str, "FarRecording"] = field(default_factory=dict)
    _worked: dict[str | None, dict[str, Path]] = field(default_factory=dict)
    """Workspaces of clips that nodes have worked on, by node and clip."""
    _left: dict[str | None, list[Path]] = field(default_factory=dict)
    """Those of clips that have ended, likewise."""
    _removal: "Removal | None" = None
    """Of the folder in which each node has all of them."""

    def room(self, node: str | None) -> Room | None:
        """What a node may be given; None where that does not matter."""
        if not self._under_way:
            return None
        held = self._held.get(node, {})
        free = None if self.ceiling_bytes is None else self.ceiling_bytes - sum(far.bytes for far in held.values())

        def fits(clip: str) -> bool:
            far = self._under_way.get(clip)
            return far is None or clip in held or free is None or far.bytes <= free

        return Room(lambda clip: clip in held or clip not in self._under_way, fits)

    def admit(self, clip: Clip) -> str | None:
        """Has the clip be one of those under way. A sentence where there is no room for it on any node, ever."""
        far = self.storage.recording(clip)
        if far is None:
            return None
        if self.ceiling_bytes is not None and far.bytes > self.ceiling_bytes:
            return (
                f"{far} has {far.bytes / 1e9:.3g} GB, for which --scratch-gb {self.ceiling_bytes / 1e9:g} has no room"
            )
        self._under_way[clip.name], self._removal = far, far.removal
        return None

    def bring(self, node: str | None, clip: Clip) -> "FarRecording | None":
        """What a worker on that node has to bring before it works on the clip; None where that is here."""
        far = self._under_way.get(clip.name)
        if far is None:
            return None
        self._held.setdefault(node, {})[clip.name] = far
        return replace(far, gone=tuple(self._gone.pop(node, ())))

    def work(self, node: str | None, clip: Clip, workspace: Path) -> "FarWork | None":
        """Where a worker on that node finds the clip's work beside the workspace; None where all of it is there."""
        work = self.storage.work(workspace.name)
        if work is None or not work.keeps:
            return work
        self._removal = work.removal
        self._worked.setdefault(node, {})[clip.name] = workspace
        return replace(work, gone=tuple(self._left.pop(node, ())))

    def end(self, clip: str) -> None:
        """A clip has ended: nodes that have something of it remove that when they get something else to do."""
        for node, worked in self._worked.items():
            if (workspace := worked.pop(clip, None)) is not None:
                self._left.setdefault(node, []).append(workspace)
        self._under_way.pop(clip, None)
        for node, held in self._held.items():
            if (far := held.pop(clip, None)) is not None:
                self._gone.setdefault(node, []).append(far.path)

    def tidy(self, pool: ActorPool) -> None:
        """Has the nodes remove what is left there at the end of a run. The driver's own is removed by the driver."""
        left, told = (self._held.keys() | self._worked.keys()) - {node_name()}, 0
        for actor in pool.idle():
            if (node := pool.node(actor)) in left and self._removal is not None:
                left -= {node}
                told += 1
                pool.do(actor, self._removal, "tidying")
        until = time.monotonic() + TIDY_S
        with suppress(VidsharpError):  # the run has done its work
            while told > 0 and time.monotonic() < until:
                told -= len(pool.answers(POLL_S))
