"""Networks of others that restore pictures, from their official files: to compare with, and to learn from."""

from collections.abc import Callable, Mapping

from torch import Tensor

from .realesrgan import load_realesrgan, restored

Restorer = Callable[[Tensor, int], Tensor]
"""(float32 [N, 3, H, W] in 0..1, how much smaller the network sees it) to the same shape in 0..1."""


def _realesrgan() -> Restorer:
    net = load_realesrgan()
    return lambda rgb, reduced: restored(net, rgb, reduced)


TEACHERS: Mapping[str, Callable[[], Restorer]] = {"realesrgan": _realesrgan}
"""By name: what loads the weights and gives the network."""


def load_teacher(name: str) -> Restorer:
    """A teacher, ready to work on the CPU.

    Raises:
        CheckpointError: its weights are not here.
    """
    return TEACHERS[name]()
