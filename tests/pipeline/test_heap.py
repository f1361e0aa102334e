"""Threads share one heap where glibc is told so."""

import subprocess
import sys

import pytest

COUNT_HEAPS = """
import ctypes, re, sys, threading
from vidsharp.pipeline.heap import use_one_heap
if sys.argv[1] == "one":
    use_one_heap()
hold = threading.Barrier(9)
def work():
    kept = [ctypes.create_string_buffer(4096) for _ in range(100)]
    hold.wait()
    hold.wait()
threads = [threading.Thread(target=work) for _ in range(8)]
[thread.start() for thread in threads]
hold.wait()
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
libc.malloc_info(0, ctypes.c_void_p(libc.fdopen(1, b"w")))
libc.fflush(None)
hold.wait()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc is asked")
def test_threads_allocate_from_one_heap() -> None:
    def heaps(mode: str) -> int:
        return subprocess.check_output([sys.executable, "-c", COUNT_HEAPS, mode], text=True).count("<heap nr=")

    assert heaps("many") > 1, "else this proves nothing here"
    assert heaps("one") == 1
