"""The choice for chroma beside a luma student: it stays as it is, or the chroma student restores it.

An RGB student makes colour itself, so that there is nothing to choose.
"""

from typing import Literal, get_args

from ..errors import ModelError
from .protocol import Domain

Chroma = Literal["keep", "restore"]
"""`keep`: bit for bit as it was decoded. `restore`: Cb and Cr go through the chroma student, guided by soft luma."""
CHROMA_CHOICES: tuple[Chroma, ...] = get_args(Chroma)
DEFAULT_CHROMA: Chroma = "keep"
"""Of luma students, where nothing is said."""


def chosen_chroma(chroma: Chroma | None, domain: Domain, student: str) -> Chroma | None:
    """The choice that holds for a student, given what was asked for: None where it makes colour itself.

    Args:
        chroma: what was asked for; None: the default.
        domain: the planes that the student works on.
        student: its name, for the error.

    Raises:
        ModelError: there is no such choice, or the student leaves none.
    """
    if chroma is not None and chroma not in CHROMA_CHOICES:
        raise ModelError(f"There is no choice '{chroma}' for chroma; accepted are {', '.join(CHROMA_CHOICES)}.")
    if domain == "luma":
        return chroma or DEFAULT_CHROMA
    if chroma is not None:
        raise ModelError(
            f"The student '{student}' makes colour itself, so beside it chroma can be neither kept nor restored; "
            "leave --chroma out, or choose another --model."
        )
    return None
