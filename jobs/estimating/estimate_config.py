"""The settings of an estimate: those of the run that is estimated, and how long pieces of it are tried."""

from dataclasses import dataclass
from pathlib import Path

from ..config import ProcessConfig, UsageError
from ..engine.pool import BOTH

NOWHERE = Path("OUT")
"""The output folder where none is named."""


@dataclass(frozen=True)
class EstimateConfig(ProcessConfig):
    """The run that is estimated, and for how long it is tried.

    Raises:
        UsageError: a value out of range.
    """

    out: Path = NOWHERE
    """Existing output folder; what is finished there is excluded. Nothing is written there."""
    sample_seconds: float = 20.0
    """How long pieces are sharpened to measure them; one piece is, however long it takes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.device == BOTH:
            raise UsageError(f"--device {BOTH}: what work takes is tried on one device at a time; say cuda or cpu")
        if not 0 < self.sample_seconds <= 3600:
            raise UsageError(f"--sample-seconds {self.sample_seconds:g} is out of range: more than 0, at most 3600")
