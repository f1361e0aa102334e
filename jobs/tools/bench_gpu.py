"""A GPU's speed with a student: computing alone, with the copies there and back, and with all of it overlapping."""

from collections.abc import Callable, Sequence
from time import perf_counter
from typing import Any

import numpy as np
import torch

from ...models.enhance import Enhancer
from ...models.planes.plane_format import PlaneFormat
from ...models.sequence.stream import enhance_stream


def bench_gpu(
    enhancer: Enhancer, planes: Sequence[np.ndarray], fmt: PlaneFormat, *, warmup: int, runs: int
) -> dict[str, Any]:
    """Measures, waiting for the GPU before each reading of the clock.

    Args:
        enhancer: one that takes a GPU's way.
        planes: of the frame that is sharpened again and again.
        warmup, runs: batches.

    Returns:
        The settings in effect, and milliseconds for a frame: `compute_ms` with the planes on the GPU already, by the
        GPU's own clock, `with_copies_ms` from planes to planes, batch after batch, `stream_ms` from planes to planes
        with copies and computing overlapping; and the GPU's peak memory, of what torch takes, in all of these (null on
        a CPU).
    """
    assert enhancer.gpu is not None
    gpu, device = enhancer.gpu, torch.device(enhancer.device)
    batch = gpu.way.batch_of(*planes[0].shape)
    on_gpu = device.type == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(device)

    def there_and_back() -> None:
        for later in [enhancer.begin(planes, fmt) for _ in range(batch)]:
            later()

    def stream(batches: int) -> None:
        for _ in enhance_stream(enhancer, (planes for _ in range(batches * batch)), fmt):
            pass

    def wait() -> None:
        if on_gpu:
            torch.cuda.synchronize(device)

    seen = [*enhancer.seen(planes)] * len(enhancer.offsets)
    gpu.way.seconds(seen, fmt, max(1, warmup))
    compute_s = gpu.way.seconds(seen, fmt, runs)
    with_copies_s = _seconds(there_and_back, wait, warmup, runs)
    stream(warmup)
    wait()
    began = perf_counter()
    stream(runs)
    wait()
    stream_s = (perf_counter() - began) / runs
    return {
        "precision": str(gpu.dtype(fmt)).removeprefix("torch."),
        "half_precision_error": gpu.half_error,
        "batch": batch,
        "graph": gpu.way.graphs > 0,
        "tile_pixels": gpu.tile_pixels,
        "compute_ms": 1e3 * compute_s / batch,
        "with_copies_ms": 1e3 * with_copies_s / batch,
        "stream_ms": 1e3 * stream_s / batch,
        "stream_fps": batch / stream_s,
        "peak_gpu_mib": torch.cuda.max_memory_allocated(device) / 1024**2 if on_gpu else None,
    }


def _seconds(work: Callable[[], None], wait: Callable[[], None], warmup: int, runs: int) -> float:
    """The median of `runs`."""
    times = []
    for number in range(warmup + runs):
        wait()
        began = perf_counter()
        work()
        wait()
        if number >= warmup:
            times.append(perf_counter() - began)
    return float(np.median(times))
