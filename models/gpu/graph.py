"""A fixed sequence of GPU work as one CUDA graph: one launch instead of one for each small kernel."""

import logging
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

Compute = Callable[[Sequence[Tensor]], list[Tensor]]

_WARM_UP = 3
"""Runs before the capture: libraries choose their kernels and take their memory in the first ones."""


def captured(compute: Compute, like: Sequence[Tensor]) -> Compute | None:
    """`compute` as a graph on the current stream, which must not be the default one; None where that cannot be.

    Args:
        compute: its work depends on shapes only, never on the numbers.
        like: tensors of the shapes and types that it will always be given.

    Returns:
        What gives the same answers, but always in the same tensors: the next call writes over them.
    """
    given = [torch.zeros_like(tensor) for tensor in like]
    try:
        graph, stream = torch.cuda.CUDAGraph(), torch.cuda.current_stream()
        for _ in range(_WARM_UP):
            compute(given)
        # Threads that read and write video are not at fault when they allocate meanwhile.
        with torch.cuda.graph(graph, stream=stream, capture_error_mode="thread_local"):
            made = compute(given)
    except RuntimeError as error:
        logging.getLogger("vidsharp").info("no CUDA graph, each kernel is launched by itself: %s", error)
        return None

    def replay(planes: Sequence[Tensor]) -> list[Tensor]:
        for mine, plane in zip(given, planes, strict=True):
            mine.copy_(plane)
        graph.replay()
        return made

    return replay
