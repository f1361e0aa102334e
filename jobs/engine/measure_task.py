"""The measurements that the driver asks of an actor."""

from collections.abc import Container
from dataclasses import dataclass

from ...pipeline.original import Original


@dataclass(frozen=True)
class MeasureTask:
    """What to measure of a chunk."""

    frames: Container[int]
    """Numbers within the chunk."""
    original: Original | None
    """What to compare with, where there is a sharp original."""
    preview: bool
    """Whether to keep a frame to show."""
