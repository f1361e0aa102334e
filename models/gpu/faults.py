"""What a GPU's error means: too little memory, a GPU that is lost to this process, or something else.

Only some of the errors of too little memory are `torch.OutOfMemoryError`: cuDNN finds no engine, cuBLAS cannot make its
handle, and page-locked memory and contexts are errors of CUDA itself. After others, all that CUDA is asked for fails in
this process: a context does not recover from a kernel that crashed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import torch

from ..errors import DeviceError, GpuLost

Fault = Literal["memory", "lost", "other"]

_MEMORY = (
    "out of memory",
    "unable to find an engine",
    "cudaerrormemoryallocation",
    "status_alloc_failed",
    "host_allocation_failed",
    "status_not_initialized",  # of cuDNN and cuBLAS: their handles want memory, too
)
"""In small letters, parts of what CUDA, cuDNN and cuBLAS say where memory ends."""

_LOST = ("cuda error:", "cuda driver error:", "status_execution_failed", "status_mapping_error", "device-side assert")
"""And where a kernel has failed: all CUDA errors that are not about memory or about what was asked for."""

_HARMLESS = ("captur", "invalid argument", "invalid device", "not supported", "no kernel image", "not permitted")
"""CUDA errors after which the context works on."""

NO_ROOM = "end what else uses it, start fewer --workers, or use --device cpu."


def fault_of(error: BaseException) -> Fault:
    """What an error of torch on a GPU means for what comes next."""
    if isinstance(error, torch.OutOfMemoryError):
        return "memory"
    if not isinstance(error, RuntimeError) or isinstance(error, DeviceError | GpuLost):
        return "other"
    said = str(error).lower()
    if any(part in said for part in _MEMORY):
        return "memory"
    lost = any(part in said for part in _LOST) and not any(part in said for part in _HARMLESS)
    return "lost" if lost else "other"


def lost(error: BaseException) -> GpuLost:
    """The error for people where the GPU is lost to this process."""
    first = (str(error).splitlines() or [""])[0]
    return GpuLost(f"The GPU failed ({first}); this process cannot use it any more.")


@contextmanager
def in_words(what: str) -> Iterator[None]:
    """Within it, errors of the GPU are sentences.

    Args:
        what: what there may be no room for.

    Raises:
        DeviceError: the GPU has not enough memory.
        GpuLost: the GPU is of no use to this process any more.
    """
    try:
        yield
    except RuntimeError as error:
        fault = fault_of(error)
        if fault == "other":
            raise
        raise (
            DeviceError(f"The GPU has not enough free memory for {what}; {NO_ROOM}")
            if fault == "memory"
            else lost(error)
        ) from None
