"""The C library that sums what is measured on planes (`metrics.h`), where it was built; on x86, for those with AVX2.

It is optional, as the one of `models/fused/blend_library.py` is: NumPy gives the same elsewhere, more slowly.
"""

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from ...models.fused.c_library import c_library

VERSION = 2
"""Of what metrics.h declares: a library of another version is not used."""


class Job(ctypes.Structure):
    """`MetricsJob` of metrics.h."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("x", "y")),
        *((name, ctypes.c_int64) for name in ("x_stride", "y_stride", "height", "width")),
        ("code_bytes", ctypes.c_int32),
        *((name, ctypes.c_float) for name in ("grey", "c1", "c2")),
        ("window", ctypes.c_void_p),
    )


@contextmanager
def planes_job(x: np.ndarray, y: np.ndarray, **settings: Any) -> Iterator[Any]:
    """A pointer to a job on planes [H, W] of one size and type, uint8 or uint16. It is good within the block."""
    x, y = (plane if plane.strides[1] == plane.itemsize else np.ascontiguousarray(plane) for plane in (x, y))
    job = Job(
        x=x.ctypes.data,
        y=y.ctypes.data,
        x_stride=x.strides[0],
        y_stride=y.strides[0],
        height=x.shape[0],
        width=x.shape[1],
        code_bytes=x.itemsize,
        **settings,
    )
    yield ctypes.byref(job)


@cache
def library() -> ctypes.CDLL | None:
    """None also where the processor has not its instructions."""
    return c_library(Path(__file__).parent, "libmetrics", _fits)


def _fits(found: ctypes.CDLL) -> bool:
    if found.vidsharp_metrics_version() != VERSION:
        return False
    found.vidsharp_differences.restype = found.vidsharp_squares.restype = ctypes.c_int64
    return found.vidsharp_metrics_job_bytes() == ctypes.sizeof(Job) and found.vidsharp_metrics_runs_here()
