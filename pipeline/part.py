"""The part of a recording that a user asks for, by the clock."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Part:
    """Seconds since the recording's beginning, as players count; None: its beginning, or its end."""

    start_s: float | None = None
    end_s: float | None = None

    def __str__(self) -> str:
        if self.end_s is None:
            return "the whole recording" if self.start_s is None else f"the part from {self.start_s:g} s on"
        return f"the part from {self.start_s or 0:g} to {self.end_s:g} s"


WHOLE_CLIP = Part()
