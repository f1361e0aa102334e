"""The C library that runs a blend student (`fused/blend.h`), where it was built and this processor has the vectors.

It is optional: built when vidsharp is installed and there is a C compiler. Plain C behind ctypes: neither Python's
headers nor torch's are needed to build it, and threads run in it side by side.
"""

import ctypes
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DeviceError, ModelError
from .c_library import c_library

if TYPE_CHECKING:
    import numpy as np  # else it is not waited for: the driver of a run asks here what the processor can

VERSION = 7
"""Of `Job`, the order of weights and what is given back: a library of another version is not used."""
GENERIC = "generic"
"""Plain C for any processor: the reference of the other instruction sets, and slower than torch."""
SETS = {GENERIC: 1, "NEON": 4, "AVX2": 8, "AVX2 with VNNI": 8, "AVX-512": 16, "AVX-512 with VNNI": 16}
"""Instruction sets, in the library's order, slowest first; and how many cells a vector holds."""
PACK = 8
"""Output channels whose weights lie side by side."""
MOST_LAYERS, MOST_DILATION, MOST_CHANNELS, MOST_BANDS = 31, 16, 1024, 1024
"""What the library has room for: layers, cells from one tap of a layer to the next, channels, filters."""
MOST_GUIDED, MOST_RADIUS = 3, 8
"""Guided filters, and samples from the middle of the largest window to its edge."""
GUIDE_BITS, SAMPLE_BITS = 10, 12
"""Guided filters see a guide of so many, and samples of so many at most."""
MIDDLE, MOST_GUIDE = 2 ** (GUIDE_BITS - 1), 2**GUIDE_BITS - 1
"""What is taken off the guide there, and the most that it holds."""
SLOPE_UNIT, BASE_UNIT, LEAST_GRAIN = 2**14, 2**6, 32
"""What a slope and a base of 1 are as integers; and the least `grain`, which keeps their sums within 32 bits."""

_PLACES = ("codes_stride", "out_stride", "guide_stride", "height", "width", "first", "end", "left", "right")
_NUMBERS = ("code_bytes", "out_bytes", "bands", "channels", "depth", "zero", "between", "guided", "grey", "shift")
_WEIGHTS = (
    *("dilations", "radii", "spectrum", "layers", "head", "taps"),
    *("spectrum_scale", "spectrum_bias", "enter", "enter_bias"),
    *("layers_scale", "layers_bias", "head_scale", "head_bias"),
)


FAULTS: dict[str, tuple[type[Exception], str]] = {
    "NO_MEMORY": (MemoryError, "There is no memory for the rows that the student works on."),
    "NO_SUCH_SET": (DeviceError, "This processor does not have the instructions that were asked for."),
    "BAD_LAYERS": (ModelError, f"The C library runs students of 1 to {MOST_LAYERS} layers."),
    "BAD_DILATION": (ModelError, f"The C library runs students with dilations of 1 to {MOST_DILATION}."),
    "BAD_CHANNELS": (
        ModelError,
        f"The C library runs students of {PACK} to {MOST_CHANNELS} channels, in packs of {PACK}.",
    ),
    "BAD_BANDS": (ModelError, f"The C library runs students of 0 to {MOST_BANDS} filters."),
    "BAD_BETWEEN": (ModelError, "The C library looks between cells where a plane has no guide, or not at all."),
    "BAD_GUIDED": (
        ModelError,
        f"The C library runs up to {MOST_GUIDED} guided filters beside a guide, of radii of 2, 4 or 8.",
    ),
    "BAD_BYTES": (ValueError, "Planes have codes of 1 or 2 bytes, and their results as many, or 4."),
    "BAD_PEAK": (ValueError, "The peak is 255 for codes of 1 byte, and 255 to 65535 for those of 2."),
    "BAD_PLACE": (ValueError, "The place to sharpen lies outside of the plane, or the plane is empty."),
}
"""What `vidsharp_blend` returns, from 1 on; 0 is success."""


class Job(ctypes.Structure):
    """`Job` of blend.h: a plane of codes, a place for the result, the rows and columns of cells to make, weights."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("codes", "out", "guide")),
        *((name, ctypes.c_int64) for name in _PLACES),
        *((name, ctypes.c_int32) for name in _NUMBERS),
        *((name, ctypes.c_float) for name in ("peak", "grain")),
        *((name, ctypes.c_void_p) for name in _WEIGHTS),
    )


class Luma(ctypes.Structure):
    """`Luma` of blend.h: a plane of luma, and how chroma lies on it."""

    _fields_ = (
        ("codes", ctypes.c_void_p),
        *((name, ctypes.c_int64) for name in ("stride", "height", "width")),
        *((name, ctypes.c_int32) for name in ("code_bytes", "peak", "down", "across", "surplus")),
    )


@cache
def instruction_sets() -> tuple[str, ...]:
    """Those of `SETS` that the library can use here, slowest first, `GENERIC` among them; none where it is missing."""
    library = _library()
    found = 0 if library is None else library.vidsharp_sets()
    return tuple(name for bit, name in enumerate(SETS) if found >> bit & 1)


def fastest_set() -> str | None:
    """The one to use here; None where torch is faster, for want of the library or of its vectors."""
    return next((name for name in reversed(instruction_sets()) if name != GENERIC), None)


def why_torch() -> str | None:
    """Why torch does the library's work here, in words; None where the library does it."""
    if fastest_set() is not None:
        return None
    if instruction_sets():
        return "this processor has neither AVX2 nor NEON, or a virtual machine hides them"
    return "the C library of vidsharp is missing: there was no C compiler when it was installed"


def run(job: Job, instructions: str) -> None:
    """Does a job with one of the `instruction_sets`. Codes above the peak are taken for the peak.

    Raises:
        MemoryError: there is no room for some rows of each layer.
        DeviceError: the library is missing, or this processor has not these instructions.
        ModelError: a student that the library does not do.
        ValueError: planes, a peak or a place in them that cannot be.
    """
    if fault := _there().vidsharp_blend(ctypes.byref(job), list(SETS).index(instructions)):
        error, sentence = list(FAULTS.values())[fault - 1]
        raise error(sentence)


def write_guide(luma: Luma, guide: "np.ndarray") -> None:
    """Writes luma on chroma's grid to uint16 [H, W], C-contiguous.

    Raises:
        DeviceError: the library is missing.
    """
    _there().vidsharp_guide(
        ctypes.byref(luma), guide.ctypes.data_as(ctypes.c_void_p), *map(ctypes.c_int64, guide.shape)
    )


def _there() -> ctypes.CDLL:
    library = _library()
    if library is None:
        raise DeviceError("The C library for students was not built here.")
    return library


@cache
def _library() -> ctypes.CDLL | None:
    return c_library(Path(__file__).parent, "libblend", lambda library: library.vidsharp_version() == VERSION)
