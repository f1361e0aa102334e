"""The cores that this process may use, which a container, a scheduler or `taskset` can make fewer than there are."""

import os


def usable_cores() -> int:
    """How many they are, at least 1. Systems that bind no process to cores (macOS, Windows) give all they have."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
