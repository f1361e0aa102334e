"""One heap for all threads: what keeps a worker's memory from creeping up with the number of its chunks."""

from .c_runtime import c_function

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -3, -8
"""glibc's malloc.h."""
_LARGEST_MMAP_THRESHOLD = 32 * 1024**2
"""What mallopt accepts on 64-bit machines; larger blocks are still given back when they are freed."""
_KEPT = 1024**3


def use_one_heap() -> None:
    """Has glibc keep to one heap, from now on. Other C libraries have no such call and are left alone.

    Else a new thread may get a heap of its own, which keeps what is freed in it; each chunk's stages are new threads.
    What is freed stays in the heap: a student frees and asks for the same megabytes at every frame, and the kernel
    would fill each page with zeros again (`vidsharp bench`: 34 ms instead of 36 to 58 for a frame).
    """
    set_option = c_function("mallopt")
    if set_option is not None:
        set_option(_M_ARENA_MAX, 1)
        set_option(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
        set_option(_M_TRIM_THRESHOLD, _KEPT)


def trim_heap() -> None:
    """Gives back to the kernel what is free, wherever it lies in the heap. For the time between two chunks: it takes
    milliseconds, and each page that is wanted again is filled with zeros."""
    trim = c_function("malloc_trim")
    if trim is not None:
        trim(0)
