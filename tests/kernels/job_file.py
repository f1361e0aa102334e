"""Jobs of the C library in the file that `run_jobs.c` reads, and the results that it writes."""

import ctypes
import struct
from collections import defaultdict
from pathlib import Path

import numpy as np
from vidsharp.models.fused.blend_library import _WEIGHTS, GENERIC, SETS, VERSION, Job
from vidsharp.models.fused.blend_packing import Packed
from vidsharp.models.fused.fused_net import FusedNet, Plane
from vidsharp.models.sequence.cover import Box

HEAD = struct.pack("=ii", VERSION, ctypes.sizeof(Job))
UNTOUCHED = 77
"""What lies where a job is to write, and beside it."""


def job_bytes(
    student: Packed,
    codes: np.ndarray,
    box: Box,
    guide: np.ndarray | None = None,
    *,
    rounded: bool = True,
    loud: float = 1,
) -> bytes:
    """One job: a box of a plane, uint8 or uint16 [H, W], in cells.

    Args:
        guide: as `Plane.guide`.
        rounded: or float32 as it comes.
        loud: a factor of what the first layer makes.
    """
    net = FusedNet(student, GENERIC)
    for name in ("enter", "enter_bias"):
        net._arrays[name] *= np.float32(loud)
    out = np.full(codes.shape, UNTOUCHED, codes.dtype if rounded else np.float32)
    job = net._job(Plane(out, codes, guide), box)
    arrays = [
        _memory(job.codes, job, job.codes_stride, job.code_bytes),
        _memory(job.out, job, job.out_stride, job.out_bytes),
        b"" if guide is None else _memory(job.guide, job, job.guide_stride, guide.itemsize),
        *(net._arrays[name].tobytes() for name in _WEIGHTS),
    ]
    return bytes(job) + b"".join(struct.pack("=q", len(array)) + array for array in arrays)


def results(file: Path) -> list[dict[str, tuple[int, bytes]]]:
    """For each job, by instruction set: the fault, and the memory that holds the plane."""
    data, at = file.read_bytes(), 0
    found: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
    while at < len(data):
        number, fault, size = struct.unpack_from("=iiq", data, at)
        at += struct.calcsize("=iiq") + size
        found[list(SETS)[number]].append((fault, data[at - size : at]))
    return [dict(zip(found, each, strict=True)) for each in zip(*found.values(), strict=True)]


def _memory(address: int, job: Job, stride: int, item: int) -> bytes:
    """What a plane of the job's size takes up, from its first code to its last."""
    return ctypes.string_at(address, (job.height - 1) * stride + job.width * item)
