"""How the numbers in a frame's planes are meant. Nothing of torch here: a plan or a page needs it, too."""

from dataclasses import dataclass

from .errors import ModelError

LUMA_WEIGHTS: dict[str, tuple[float, float]] = {
    "bt601": (0.299, 0.114),
    "bt709": (0.2126, 0.0722),
    "bt2020": (0.2627, 0.0593),
}
"""(K_R, K_B) of each matrix; K_G is what is left of one.

ITU-R BT.601-7 §2.5.1, BT.709-6 item 3.2, BT.2020-2 table 4 (non-constant luminance).
"""


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
