"""Keeps a process out of real-time scheduling, which SVT-AV1 asks for wherever root runs it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_TASKS = Path("/proc/self/task")


@contextmanager
def no_real_time() -> Iterator[None]:
    """After the block, no thread of this process has real-time priority.

    SVT-AV1 gives it to the thread that opens an encoder and to all of its own where the user is root, as in most
    containers: a single clip would then starve everything else on the machine, the driver included. Where threads have
    no such policy or cannot be looked at, nothing is done.
    """
    try:
        yield
    finally:
        if sys.platform == "linux" and hasattr(os, "sched_setscheduler") and _TASKS.is_dir():
            for thread in (int(task.name) for task in _TASKS.iterdir()):
                with suppress(OSError):  # it has ended meanwhile
                    if os.sched_getscheduler(thread) in (os.SCHED_FIFO, os.SCHED_RR):
                        os.sched_setscheduler(thread, os.SCHED_OTHER, os.sched_param(0))
