"""The settings of a watch: those of the runs that it starts, and when a recording counts as whole."""

from dataclasses import dataclass

from ..config import ProcessConfig, UsageError
from ..option import option


@dataclass(frozen=True)
class WatchConfig(ProcessConfig):
    """Everything `vidsharp watch` takes; `inputs` are folders, or URLs of them.

    Raises:
        UsageError: a value out of range.
    """

    settle_seconds: float = option(
        10.0, "A recording counts when its size and time have not changed for S seconds.", metavar="S"
    )
    every_seconds: float = option(10.0, "How often the folders are looked at.", metavar="S")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.settle_seconds <= 86400:
            raise UsageError(f"--settle-seconds {self.settle_seconds:g} is out of range: 0 to 86400")
        if not 0.1 <= self.every_seconds <= 86400:
            raise UsageError(f"--every-seconds {self.every_seconds:g} is out of range: 0.1 to 86400")
