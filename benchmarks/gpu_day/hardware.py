"""What the machine is, and what it can do at best."""

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version

import av
import torch
from vidsharp.jobs.engine.machine import cpu_name
from vidsharp.jobs.tools.doctor_job import HARDWARE, encodes
from vidsharp.jobs.tools.matrix_peak import peak_gflops
from vidsharp.models.gpu.lanes import lanes_of

from .scale import Scale
from .step import Findings

_REPEATS = 10


def versions(scale: Scale) -> Findings:
    """Of all that has a say in the figures."""
    yield (
        "versions",
        {
            **{name: version(name) for name in ("vidsharp", "torch", "av", "numpy")},
            "Python": platform.python_version(),
            "CUDA": torch.version.cuda,
            "cuDNN": torch.backends.cudnn.version(),
            "FFmpeg": av.ffmpeg_version_info,
        },
    )
    yield "cpu", {"name": cpu_name(), "cores": os.cpu_count()}
    if scale.device == "cuda":
        about = torch.cuda.get_device_properties(0)
        yield (
            "gpu",
            {
                "name": about.name,
                "capability": f"{about.major}.{about.minor}",
                "memory_gib": round(about.total_memory / 1024**3, 1),
                "multiprocessors": about.multi_processor_count,
            },
        )
    yield "hardware_encoders", [name for name in HARDWARE if encodes(name)]


@torch.inference_mode()
def ceilings(scale: Scale) -> Findings:
    """Copies, and products of large matrices."""
    device = torch.device(scale.device)
    lanes, size = lanes_of(device), scale.copy_bytes
    with lanes.work.after():
        here, pageable = lanes.here(size), torch.empty(size, dtype=torch.uint8)
        there, other = lanes.there(size), lanes.there(size)
        ways = {
            "on the device": (other, there, 2),
            "up": (there, here, 1),
            "down": (here, there, 1),
            "up, not page-locked": (there, pageable, 1),
        }
        for name, (target, source, moves) in ways.items():

            def copy(target: torch.Tensor = target, source: torch.Tensor = source) -> None:
                target.copy_(source, non_blocking=True)

            lanes.work.seconds(copy, 1)
            yield f"gigabytes_per_s, {name}", moves * size / lanes.work.seconds(copy, _REPEATS) / 1e9
    for name in ("float16", "bfloat16", "float32"):
        yield f"teraflops, {name}", peak_gflops(device, getattr(torch, name), scale.edge) / 1e3
    with tensor_float_32():
        yield "teraflops, TF32", peak_gflops(device, torch.float32, scale.edge) / 1e3


@contextmanager
def tensor_float_32() -> Iterator[None]:
    """Within it, products and convolutions of float32 may round to 10 bits."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    try:
        yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before
