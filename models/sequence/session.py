"""A student at work on a sequence of pictures: what all ways of computing have in common, and which one is taken."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from ..enhance import Enhancer, Later
from ..planes.plane_format import PlaneFormat


class Session(Protocol):
    """A student on the pictures of one chunk, in order."""

    lends: bool
    """Whether an answer is only valid until the next picture of its sequence: none may be begun before it is used."""

    @property
    def strength(self) -> float:
        """The enhancer's."""
        ...

    @property
    def share(self) -> float | None:
        """Share of what was computed that was copied from the picture before; None before the first one."""
        ...

    def begin(self, planes: Sequence[np.ndarray], fmt: PlaneFormat, sequence: int = 0) -> Later:
        """As `Enhancer.begin`, but the arrays of the answer are only lent: not to be written on.

        Args:
            sequence: which sequence of pictures this one is the next of; the fields of interlaced frames are two.
        """
        ...


def session_of(enhancer: Enhancer) -> Session:
    """Exact reuse of parts of pictures on a CPU, several pictures in flight on a GPU."""
    from .ahead import Ahead
    from .reuse import Reuse

    return Reuse(enhancer) if enhancer.gpu is None else Ahead(enhancer)
