"""The look of a student with two heads: `natural`, `crisp`, or a linear blend of the two, as a number.

A blend of the heads is a blend of their pictures, so any look costs what one costs: it is made once, at loading.
"""

import math
from collections.abc import Iterable
from typing import NamedTuple

from ..errors import ModelError
from .chroma_choice import Chroma

NATURAL, CRISP = 0.0, 1.0
"""Nearest to the original; and visibly crisper."""
DEFAULT_LOOK = CRISP
"""Of students that have two looks, where nothing is said."""
_NAMES = {"natural": NATURAL, "crisp": CRISP}
_ACCEPTED = f"accepted are {', '.join(_NAMES)}, or a number between: 0 (natural) to 1 (crisp)"


class StudentLook(NamedTuple):
    """A student at a look, with or without the chroma student beside it."""

    model: str
    """A name or a file, as `load_student` takes it."""
    look: float | None = None
    """None: the student's own default, under its plain name."""
    chroma: Chroma | None = None
    """As `chosen_chroma` takes it; None: the default, under the plain name."""


def parse_look(text: str | None) -> float | None:
    """The look that a text says; None where it says none.

    Raises:
        ModelError: it is neither a name nor a number from 0 to 1.
    """
    if text is None:
        return None
    try:
        look = _NAMES[text] if text in _NAMES else float(text)
    except ValueError:
        raise ModelError(f"There is no look '{text}'; {_ACCEPTED}.") from None
    return check_look(look)


def check_look(look: float) -> float:
    """The look itself.

    Raises:
        ModelError: it is no number from 0 to 1.
    """
    if not (math.isfinite(look) and NATURAL <= look <= CRISP):
        raise ModelError(f"A look of {look:g} is out of range; {_ACCEPTED}.")
    return float(look) + 0.0  # and −0 is 0, also in a key


def chosen_look(look: float | None, looks: int, student: str) -> float | None:
    """The look that a student has when it was asked for one: None where it has only one.

    Args:
        look: what was asked for; None: the student's own default.
        looks: how many heads it has, 1 or 2.
        student: its name, for the error.

    Raises:
        ModelError: the look is out of range, or another than `natural` was asked of a student that has only one.
    """
    asked = None if look is None else check_look(look)
    if looks > 1:
        return DEFAULT_LOOK if asked is None else asked
    if asked:
        raise ModelError(
            f"The student '{student}' has one look, natural, so it cannot be {_spoken(asked)}; "
            "leave --look out, or choose another --model."
        )
    return None


def look_name(look: float) -> str:
    """`natural`, `crisp`, or the number."""
    return next((name for name, value in _NAMES.items() if value == look), str(look))


def named_at(name: str, look: float | None, chroma: Chroma | None = None) -> str:
    """A student's name, with the look where one was asked for, and with what is restored: `fast crisp +chroma`."""
    restored = " +chroma" if chroma == "restore" else ""
    return (name if look is None else f"{name} {look_name(look)}") + restored


def at_looks(
    models: Iterable[str], looks: Iterable[float] = (), chroma: Chroma | None = None
) -> tuple[StudentLook, ...]:
    """Every model at every look, each once; without looks, every model at its own default. Chroma goes with all."""
    wanted: tuple[float | None, ...] = tuple(looks) or (None,)
    return tuple(dict.fromkeys(StudentLook(model, look, chroma) for model in models for look in wanted))


def _spoken(look: float) -> str:
    return look_name(look) if look in _NAMES.values() else f"{look_name(look)} of the way to crisp"
