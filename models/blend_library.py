"""The C library that runs a blend student (`fused/blend.c`), where it was built and this processor has the vectors.

It is optional: built when vidsharp is installed and there is a C compiler. Plain C behind ctypes: neither Python's
headers nor torch's are needed to build it, and threads run in it side by side.
"""

import ctypes
from functools import cache
from pathlib import Path

from .c_library import c_library

VERSION = 3
"""Of `Job` and the order of weights: a library that was left over from another version is not used."""
SETS = {"AVX2": 8, "AVX2 with VNNI": 8, "AVX-512": 16, "AVX-512 with VNNI": 16}
"""Instruction sets, in the library's order, slowest first; and how many cells a vector holds."""

_PLACES = ("codes_stride", "out_stride", "height", "width", "first", "end", "left", "right")
_WEIGHTS = (
    *("dilations", "spectrum", "layers", "head", "taps"),
    *("spectrum_scale", "spectrum_bias", "enter", "enter_bias"),
    *("layers_scale", "layers_bias", "head_scale", "head_bias"),
)


class Job(ctypes.Structure):
    """`Job` of blend.c: a plane of codes, a place for the result, the rows and columns of cells to make, weights."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("codes", "out")),
        *((name, ctypes.c_int64) for name in _PLACES),
        *((name, ctypes.c_int32) for name in ("code_bytes", "out_bytes", "bands", "channels", "depth", "zero")),
        ("peak", ctypes.c_float),
        *((name, ctypes.c_void_p) for name in _WEIGHTS),
        *((name, ctypes.c_int64) for name in ("wide", "plane")),
    )


@cache
def instruction_sets() -> tuple[str, ...]:
    """Those of `SETS` that the library can use here, slowest first; none where it is missing."""
    library = _library()
    found = 0 if library is None else library.vidsharp_sets()
    return tuple(name for bit, name in enumerate(SETS) if found >> bit & 1)


def run(job: Job, instructions: str) -> None:
    """Does a job with one of the `instruction_sets`.

    Raises:
        MemoryError: there is no room for some rows of each layer.
    """
    library = _library()
    if library is None or library.vidsharp_blend(ctypes.byref(job), list(SETS).index(instructions)) != 0:
        raise MemoryError("There is no memory for the rows that the student works on.")


@cache
def _library() -> ctypes.CDLL | None:
    return c_library(Path(__file__).parent, "libblend", lambda library: library.vidsharp_version() == VERSION)
