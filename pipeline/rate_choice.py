"""A clip's place between size and quality, where the user sets a bound to either: the wish, and what was chosen."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class RateWish:
    """Bounds that a user sets; None: none."""

    target_quality: float | None = None
    """XPSNR of luma in dB, of the encoded pictures against the sharpened ones, to be reached with the fewest bytes."""
    max_growth: float | None = None
    """How many times the recording's size its result may have."""

    @property
    def bounds_nothing(self) -> bool:
        return self.target_quality is None and self.max_growth is None


@dataclass(frozen=True)
class RateChoice:
    """What was chosen for a clip; it stands in its plan."""

    max_bytes: int | None = None
    """Its chunks' files may have so many bytes together; None: any number."""
    max_file_bytes: int | None = None
    """As may its result, whole."""
    said: str | None = None
    """A sentence for the user."""

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> "RateChoice":
        """The inverse of `to_json`; raises TypeError on data of another version."""
        return cls(**data) if data else NO_CHOICE


NO_WISH, NO_CHOICE = RateWish(), RateChoice()
