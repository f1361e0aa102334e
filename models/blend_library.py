"""The C library that runs a blend student (`fused/blend.c`), where it was built and this processor has the vectors.

It is optional: built when vidsharp is installed and there is a C compiler. Plain C behind ctypes: neither Python's
headers nor torch's are needed to build it, and threads run in it side by side.
"""

import ctypes
from functools import cache
from pathlib import Path

from .c_library import c_library
from .errors import DeviceError, ModelError

VERSION = 4
"""Of `Job`, the order of weights and what is given back: a library of another version is not used."""
SETS = {"AVX2": 8, "AVX2 with VNNI": 8, "AVX-512": 16, "AVX-512 with VNNI": 16}
"""Instruction sets, in the library's order, slowest first; and how many cells a vector holds."""

_PLACES = ("codes_stride", "out_stride", "height", "width", "first", "end", "left", "right")
_WEIGHTS = (
    *("dilations", "spectrum", "layers", "head", "taps"),
    *("spectrum_scale", "spectrum_bias", "enter", "enter_bias"),
    *("layers_scale", "layers_bias", "head_scale", "head_bias"),
)


_FAULTS: dict[int, tuple[type[Exception], str]] = {
    1: (MemoryError, "There is no memory for the rows that the student works on."),
    2: (DeviceError, "This processor does not have the instructions that were asked for."),
    3: (ModelError, "The C library does students of 1 to 31 layers."),
    4: (ModelError, "The C library does students with dilations of 1 to 16."),
    5: (ModelError, "The C library does students of 8 to 1024 channels, in whole packs of 8."),
    6: (ModelError, "The C library does students of 0 to 1024 filters."),
    7: (ValueError, "Planes have codes of 1 or 2 bytes, and their results as many, or 4."),
    8: (ValueError, "The peak is 255 for codes of 1 byte, and 255 to 65535 for those of 2."),
    9: (ValueError, "The place to sharpen lies outside of the plane, or the plane is empty."),
}
"""What `vidsharp_blend` gives back, but for 0."""


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
    """Does a job with one of the `instruction_sets`. Codes above the peak are taken for the peak.

    Raises:
        MemoryError: there is no room for some rows of each layer.
        DeviceError: the library is missing, or this processor has not these instructions.
        ModelError: a student that the library does not do.
        ValueError: planes, a peak or a place in them that cannot be.
    """
    library = _library()
    if library is None:
        raise DeviceError("The C library for students was not built here.")
    if fault := library.vidsharp_blend(ctypes.byref(job), list(SETS).index(instructions)):
        error, sentence = _FAULTS[fault]
        raise error(sentence)


@cache
def _library() -> ctypes.CDLL | None:
    return c_library(Path(__file__).parent, "libblend", lambda library: library.vidsharp_version() == VERSION)
