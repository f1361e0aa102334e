"""The GPUs that a process of this machine may use, found without torch, which would take seconds."""

import ctypes
import os


def visible_gpus() -> list[str]:
    """NVIDIA's GPUs as `CUDA_VISIBLE_DEVICES` names them: all, or those that this variable leaves; none where there is
    no driver."""
    count = _count()
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    if named is None or not count:
        return [str(number) for number in range(count)]
    names = [name.strip() for name in named.split(",")]
    # As CUDA does: the first name that means nothing hides those behind it.
    known = [name.startswith(("GPU-", "MIG-")) or (name.isdigit() and int(name) < count) for name in names]
    return names[: known.index(False)] if False in known else names


def _count() -> int:
    """By NVML, the driver's own library."""
    try:
        nvml = ctypes.CDLL("libnvidia-ml.so.1")
        found = ctypes.c_uint(0)
        if nvml.nvmlInit_v2() or nvml.nvmlDeviceGetCount_v2(ctypes.byref(found)):
            return 0
    except (OSError, AttributeError):
        return 0
    nvml.nvmlShutdown()
    return found.value
