"""Threads share one heap where glibc is told so, and what is free there can be given back."""

import os
import subprocess
import sys

import pytest

on_glibc = pytest.mark.skipif(sys.platform != "linux", reason="glibc's malloc is asked")

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


@on_glibc
def test_threads_allocate_from_one_heap() -> None:
    glibc_s_own = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}  # as Ray's may be

    def heaps(mode: str) -> int:
        command = [sys.executable, "-c", COUNT_HEAPS, mode]
        return subprocess.check_output(command, env=glibc_s_own, text=True).count("<heap nr=")

    assert heaps("many") > 1, "else this proves nothing here"
    assert heaps("one") == 1


GIVE_BACK = """
from pathlib import Path
from vidsharp.pipeline.heap import trim_heap, use_one_heap

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

use_one_heap()
blocks, kept = [], []
for _ in range(100):  # what stays lies between what goes
    blocks.append(b"free" * 2**18)
    kept.append(b"kept" * 500)
blocks.clear()
before = resident()
trim_heap()
assert before - resident() > 80 * 2**20, (before, resident())
assert all(part == b"kept" * 500 for part in kept)
"""


@on_glibc
def test_what_is_free_is_given_back() -> None:
    ended = subprocess.run([sys.executable, "-c", GIVE_BACK], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
