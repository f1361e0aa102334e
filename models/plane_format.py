"""How the numbers in a frame's planes are meant."""

from dataclasses import dataclass

from .colour import LUMA_WEIGHTS
from .errors import ModelError


@dataclass(frozen=True)
class PlaneFormat:
    """How the numbers in a frame's planes are meant."""

    bit_depth: int
    """8..16: planes of more than 8 bits are uint16, in the low bits."""
    full_range: bool
    matrix: str
    """`bt601`, `bt709` or `bt2020`."""
    chroma_left: bool
    """Subsampled chroma lies on the left luma column, not between two."""

    def __post_init__(self) -> None:
        if not 8 <= self.bit_depth <= 16:
            raise ModelError(f"Planes of {self.bit_depth} bits are not supported; accepted are 8 to 16.")
        if self.matrix not in LUMA_WEIGHTS:
            raise ModelError(f"The colour matrix '{self.matrix}' is not known; accepted are {', '.join(LUMA_WEIGHTS)}.")

    @property
    def peak(self) -> int:
        """The largest code."""
        return 2**self.bit_depth - 1
