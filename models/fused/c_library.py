"""Loads the C libraries that are built when vidsharp is installed, where there is a compiler. Plain C behind ctypes."""

import ctypes
from collections.abc import Callable
from pathlib import Path

SUFFIX = ".sharedlib"
"""As in setup.py, which says why."""


def c_library(folder: Path, name: str, fits: Callable[[ctypes.CDLL], bool]) -> ctypes.CDLL | None:
    """The library in a package's folder; None where it was not built, or for another machine or another vidsharp.

    Args:
        fits: whether its own answers say that it is of this version; an AttributeError says that it is not.
    """
    try:
        library = ctypes.CDLL(str(folder / f"{name}{SUFFIX}"))
        return library if fits(library) else None
    except (OSError, AttributeError):
        return None
