"""Networks that answer to soft pictures and that students learn from: those of others, and the largest student."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from ...models.nets.catalogue import load_student, weights_digest
from ...models.nets.look import CRISP
from ...models.nets.protocol import Domain, forward
from ..evaluation.evaluation_pictures import UNCHANGED
from .realesrgan import load_realesrgan, restored

Restorer = Callable[[Tensor, str], Tensor]
"""(float32 [N, C, H, W] in 0..1, the level of the call) to the same shape in 0..1."""
REDUCED = {"heavy": 3}
DEFAULT_REDUCED = 2
"""How much smaller Real-ESRGAN is shown pictures of a level: a call that was scaled down by 2 to 3 holds no more, and
it was trained on pictures whose finest detail is about a pixel."""


@dataclass(frozen=True)
class Teacher:
    """A network, and what it is asked about."""

    load: Callable[[], Restorer]
    """Makes it ready to work on the CPU. Raises CheckpointError where its weights are not here."""
    domain: Domain
    """What it is shown."""
    without: frozenset[str]
    """Levels that it is not asked about."""
    screens: bool
    """Whether it is asked about screens."""
    weights: Callable[[], str] | None = None
    """What tells its answers from those of other weights; None where there are no others."""


def _realesrgan() -> Restorer:
    net = load_realesrgan()
    return lambda rgb, level: restored(net, rgb, REDUCED.get(level, DEFAULT_REDUCED))


def _best() -> Restorer:
    net = load_student("best", look=CRISP).net

    @torch.inference_mode()
    def sharpened(luma: Tensor, level: str) -> Tensor:
        return forward(net, luma).clamp(0, 1)

    return sharpened


TEACHERS: Mapping[str, Teacher] = {
    # Trained on photos, so that it bends letters, and it has nothing to say about what is hardly soft.
    "realesrgan": Teacher(_realesrgan, "rgb", frozenset({UNCHANGED, "light"}), screens=False),
    "best": Teacher(_best, "luma", frozenset({UNCHANGED}), screens=True, weights=lambda: weights_digest("best")),
}
"""By name."""
