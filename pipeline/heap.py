"""One heap for all threads: what keeps a worker's memory from creeping up with the number of its chunks."""

import ctypes

_M_ARENA_MAX = -8
"""glibc's malloc.h."""


def use_one_heap() -> None:
    """Has glibc keep to one heap, from now on. Other C libraries have no such call and are left alone.

    Else a new thread may get a heap of its own, which keeps what is freed in it; each chunk's stages are new threads.
    """
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        set_option(_M_ARENA_MAX, 1)
