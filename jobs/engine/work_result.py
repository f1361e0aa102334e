"""What comes of a piece of work that an actor was given."""

from dataclasses import dataclass
from typing import Any

from ...models.errors import CheckpointError, DeviceError, GpuLost, ModelError, VidsharpError
from ...pipeline.errors import EncoderError, MediaError, OutputError
from .protocol import NodeLost, WorkerDied
from .tries import Cause

_PERMANENT = (MediaError, EncoderError, OutputError, ModelError, CheckpointError, DeviceError)
"""What another attempt would only meet again."""


@dataclass(frozen=True)
class WorkResult:
    """What came of a piece of work."""

    actor: str
    about: Any
    """What was handed in with the work."""
    value: Any = None
    error: BaseException | None = None
    node: str | None = None
    """The machine that the actor was on."""
    device: str = "cpu"
    """What its student was on."""

    @property
    def cause(self) -> Cause:
        """Why it has to be tried again, where it has."""
        if isinstance(self.error, GpuLost):
            return "gpu_lost"
        if isinstance(self.error, NodeLost):
            return "preempted" if self.error.preempted else "node_lost"
        return "failed"

    def log_fields(self, **about: object) -> dict[str, object]:
        """What a log line on it has as fields, beside what the work is `about`."""
        return {**about, "actor": self.actor, **({"node": self.node} if self.node else {})}

    @property
    def permanent(self) -> bool:
        """Whether trying again is useless."""
        return isinstance(self.error, _PERMANENT)

    @property
    def sentence(self) -> str:
        """The error for people."""
        if isinstance(self.error, VidsharpError):
            return str(self.error)
        if isinstance(self.error, NodeLost):
            return f"the process that worked on it died (its node was {self.error.how})"
        if isinstance(self.error, WorkerDied):
            return "the process that worked on it died (it ran out of memory, or a codec crashed)"
        return f"{type(self.error).__name__}: {self.error}"
