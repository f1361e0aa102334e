"""A fixed sequence of GPU work as one CUDA graph: one launch instead of one for each small kernel."""

import logging
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

Compute = Callable[[Sequence[Tensor]], list[Tensor]]

_WARM_UP = 3
"""Runs before the capture: libraries choose their kernels and take their memory in the first ones."""


class _Captures:
    """What all captures of this process share."""

    failed = False
    """Whether one failed. Torch's allocator does not end a capture that CUDA has given up: from then on it refuses to
    give memory back (`empty_cache` ends with an assertion), and another capture would meet the same."""
    pool: Any = None
    """Memory of all graphs: they run one after the other in one stream, so what one needs while it runs, others do."""


def no_failed_capture() -> bool:
    """Whether all captures of this process went well, so that memory may be given back and more be captured."""
    return not _Captures.failed


def captured(compute: Compute, like: Sequence[Tensor]) -> Compute | None:
    """`compute` as a graph on the current stream, which must not be the default one; None where that cannot be. Graphs
    must be replayed one after the other.

    Args:
        compute: its work depends on shapes only, never on the numbers.
        like: tensors of the shapes and types that it will always be given.

    Returns:
        What gives the same answers, but always in the same tensors: the next call writes over them.

    Raises:
        RuntimeError: whatever `compute` raises where it is not captured.
    """
    if _Captures.failed:
        return None
    given = [torch.zeros_like(tensor) for tensor in like]
    for _ in range(_WARM_UP):
        compute(given)
    try:
        _Captures.pool = _Captures.pool or torch.cuda.graph_pool_handle()
        graph, stream = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
        # Threads that read and write video are not at fault when they allocate meanwhile.
        with torch.cuda.graph(graph, pool=_Captures.pool, stream=stream, capture_error_mode="thread_local"):
            made = compute(given)
    except RuntimeError as error:
        _Captures.failed = True
        logging.getLogger("vidsharp").info("no CUDA graphs, each kernel is launched by itself: %s", error)
        return None

    def replay(planes: Sequence[Tensor]) -> list[Tensor]:
        for mine, plane in zip(given, planes, strict=True):
            mine.copy_(plane)
        graph.replay()
        return made

    return replay
