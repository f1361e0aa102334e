"""The meaning of the numbers in a frame's planes. Nothing of torch here: a plan or a page needs it, too.

Quantisation: BT.709-6 item 5 for limited range (219 and 224 steps at 8 bit), ITU-T H.273 §8.3 for full range.
"""

from dataclasses import dataclass
from typing import Any

from ..errors import ModelError

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
    """The meaning of the numbers in a frame's planes."""

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
        luma_weights(self.matrix)

    @property
    def peak(self) -> int:
        """The largest code."""
        return 2**self.bit_depth - 1


def quantisation(full_range: bool, bit_depth: int) -> tuple[float, float, float]:
    """(code of black, luma steps from black to white, chroma steps from −½ to ½)."""
    if full_range:
        return 0.0, 2.0**bit_depth - 1, 2.0**bit_depth - 1
    scale = 2.0 ** (bit_depth - 8)
    return 16 * scale, 219 * scale, 224 * scale


def rgb_of(luma: Any, cb: Any, cr: Any, matrix: str) -> tuple[Any, Any, Any]:
    """Red, green and blue of luma 0..1 and chroma −½..½: three arrays, or three tensors, of one shape.

    Raises:
        ModelError: the matrix is not known.
    """
    k_r, k_b = luma_weights(matrix)
    red = luma + 2 * (1 - k_r) * cr
    blue = luma + 2 * (1 - k_b) * cb
    green = (luma - k_r * red - k_b * blue) / (1 - k_r - k_b)
    return red, green, blue


def luma_weights(matrix: str) -> tuple[float, float]:
    """(K_R, K_B) of a matrix.

    Raises:
        ModelError: the matrix is not known.
    """
    if matrix not in LUMA_WEIGHTS:
        raise ModelError(f"The colour matrix '{matrix}' is not known; accepted are {', '.join(LUMA_WEIGHTS)}.")
    return LUMA_WEIGHTS[matrix]
