"""The C library that runs a blend student (`fused/blend.c`), where it was built and this processor has the vectors.

It is optional: built when vidsharp is installed and there is a C compiler. Plain C behind ctypes: neither Python's
headers nor torch's are needed to build it, and threads run in it side by side.
"""

import ctypes
from functools import cache
from importlib.util import find_spec

VERSION = 2
"""Of `Job` and the order of weights: a library that was left over from another version is not used."""


_PLACES = ("codes_stride", "out_stride", "height", "width", "first", "end", "left", "right")


class Job(ctypes.Structure):
    """`Job` of blend.c: a plane of codes, a place for the result, the rows and columns of cells to make, weights."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("codes", "out")),
        *((name, ctypes.c_int64) for name in _PLACES),
        *((name, ctypes.c_int32) for name in ("code_bytes", "out_bytes", "bands", "channels", "depth")),
        ("peak", ctypes.c_float),
        *((name, ctypes.c_void_p) for name in ("dilations", "spectrum", "spectrum_bias", "enter", "enter_bias")),
        *((name, ctypes.c_void_p) for name in ("layers", "head", "head_bias", "taps")),
        *((name, ctypes.c_int64) for name in ("wide", "plane")),
    )


@cache
def vector_bits() -> int:
    """Width of the vectors that the library uses here: 512 or 256; 0: it is missing, or this processor has none."""
    library = _library()
    return 0 if library is None else library.vidsharp_vector_bits()


def run(job: Job, bits: int) -> None:
    """Does a job with vectors of so many bits.

    Raises:
        MemoryError: there is no room for some rows of each layer.
    """
    library = _library()
    if library is None or library.vidsharp_blend(ctypes.byref(job), bits) != 0:
        raise MemoryError("There is no memory for the rows that the student works on.")


@cache
def _library() -> ctypes.CDLL | None:
    spec = find_spec("vidsharp.models._blend")
    if spec is None or spec.origin is None:
        return None
    try:
        library = ctypes.CDLL(spec.origin)
        return library if library.vidsharp_version() == VERSION else None
    except (OSError, AttributeError):  # built for another machine, or for an older vidsharp
        return None
