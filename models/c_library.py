"""Loads the C libraries that are built when vidsharp is installed, where there is a compiler. Plain C behind ctypes."""

import ctypes
from collections.abc import Callable
from importlib.util import find_spec


def c_library(module: str, fits: Callable[[ctypes.CDLL], bool]) -> ctypes.CDLL | None:
    """The library of an extension module; None where it was not built, or for another machine or another vidsharp.

    Args:
        fits: whether its own answers say that it is of this version; an AttributeError says that it is not.
    """
    spec = find_spec(module)
    if spec is None or spec.origin is None:
        return None
    try:
        library = ctypes.CDLL(spec.origin)
        return library if fits(library) else None
    except (OSError, AttributeError):
        return None
