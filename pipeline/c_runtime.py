"""Functions of the C library that this process runs on, for what Python does not offer."""

import ctypes
from collections.abc import Callable
from typing import Any


def c_function(name: str) -> Callable[..., Any] | None:
    """The function of that name; None where this system's C library has none, or (Windows) cannot be asked so."""
    try:
        return getattr(ctypes.CDLL(None), name, None)
    except (OSError, TypeError):
        return None
