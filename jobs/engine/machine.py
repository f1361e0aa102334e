"""The machine that a run was started on, as a table or a record tells it."""

import os
import platform
from pathlib import Path
from typing import Any

from ...models.cores import usable_cores
from ...pipeline.proc_files import proc_value


def machine() -> dict[str, Any]:
    """By name; null what this system does not tell. `memory_bytes` is all there is, `cores_usable` what this process
    may use."""
    return {
        "host": platform.node() or None,
        "os": platform.platform(),
        "cpu": cpu_name(),
        "cores": os.cpu_count(),
        "cores_usable": usable_cores(),
        "memory_bytes": memory_bytes(),
        "gpus": gpu_names(),
    }


def cpu_name() -> str | None:
    """As the system calls it."""
    return proc_value("/proc/cpuinfo", "model name") or platform.processor() or None


def memory_bytes(which: str = "MemTotal") -> int | None:
    """`MemTotal`, or what is free for new work: `MemAvailable`."""
    said = proc_value("/proc/meminfo", which)
    return int(said.split()[0]) * 1024 if said else None


def gpu_names() -> list[str]:
    """NVIDIA's GPUs, as their driver calls them: asking torch would take seconds."""
    files = sorted(Path("/proc/driver/nvidia/gpus").glob("*/information"))
    return [name for file in files if (name := proc_value(file, "Model"))]
