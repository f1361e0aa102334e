"""Pictures that go through a fake GPU, which works late: each must get its own answer."""

from collections.abc import Sequence
from random import Random
from typing import Any

import numpy as np
from torch import Tensor
from vidsharp.models.gpu import on_gpu
from vidsharp.models.gpu.batch import Pending
from vidsharp.models.gpu.on_gpu import OnCodes
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.planes.plane_format import PlaneFormat

from tests.support.fake_gpu import AtOnce, FakeGpu
from tests.support.gpu import EIGHT, SIXTEEN, noise

SIZES = [(6, 8), (30, 40), (6, 4), (50, 70), (5, 7), (4, 4), (12, 2), (2, 30)]


def inverse(planes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
    """With memory in between, which is freed at once."""
    return [((plane ^ 0x55) ^ 0x2A) ^ ~0x7F for plane in planes]


def run(
    random: Random, *, graphs: bool = True, module: Any = on_gpu, compute: OnCodes = inverse, gpu: FakeGpu | None = None
) -> None:
    """Pictures of all kinds, asked for in any order; now and then, all that is under way is given up.

    Args:
        module: `on_gpu`, or what stands for it.
        compute: as `inverse`; where memory ends, it may try again and again.
    """
    gpu = gpu or FakeGpu(random)
    settings = GpuSettings(batch=random.randint(1, 3), graphs=graphs)
    way = module.OnGpu(gpu.lanes, module.Computation(compute, shrink=lambda: True), settings, AtOnce())
    waiting: list[tuple[Pending, list[np.ndarray]]] = []
    sizes = random.sample(SIZES, 7)
    for seed in range(18):
        size, fmt = sizes[random.randrange(random.choice([2, 7, 7]))], random.choice([EIGHT, SIXTEEN])
        planes = noise(seed, size, fmt)
        waiting.append((way.begin(planes, fmt), [plane.copy() for plane in planes]))
        for plane in planes:
            plane[...] = 0  # the caller's again
        if random.random() < 0.1:
            waiting.clear()
            way.forget()
        while waiting and random.random() < 0.5:
            check(*waiting.pop(random.randrange(len(waiting))))
    for pending, planes in waiting:
        check(pending, planes)
    gpu.until(lambda: not any(lane.queue for lane in (gpu.up, gpu.work, gpu.down)))


def check(pending: Pending, planes: list[np.ndarray]) -> None:
    for made, given_ in zip(pending.result(), planes, strict=True):
        np.testing.assert_array_equal(made, ~given_)
