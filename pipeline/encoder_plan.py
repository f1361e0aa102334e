"""A clip's encoder with all that it is told: resolved once, when the clip is planned, and used as it is from there on.

It stands in the clip's plan, and is part of what makes its pictures. It says nothing of the machine that resolved it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any


@dataclass(frozen=True)
class EncoderPlan:
    """One clip's encoder. The facts of its pictures (size, format, colour) are those of the clip."""

    name: str
    """FFmpeg's name of the encoder."""
    options: Mapping[str, str]
    """All of its options, the user's among them."""
    threads: int
    """How many it has, unless an option says it otherwise."""
    rate: Fraction
    """Pictures per second as the stream declares them: near the recording's, and one that the codec can say."""
    chunk_format: str
    """The container of chunks, as FFmpeg calls it."""

    @property
    def time_base(self) -> Fraction:
        """Seconds per tick of what is encoded: one tick for each picture."""
        return 1 / self.rate

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "name": self.name,
            "options": dict(self.options),
            "threads": self.threads,
            "rate": str(self.rate),
            "chunk_format": self.chunk_format,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "EncoderPlan":
        """The inverse of `to_json`; raises TypeError or ValueError on data of another version."""
        return cls(**{**data, "rate": Fraction(data["rate"])})
