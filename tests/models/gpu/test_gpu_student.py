"""The GPU's way gives the CPU's pictures: to the bit in float32 on a CPU, within one code value in half precision."""

import numpy as np
import pytest
import torch
from vidsharp.models.enhance import Enhancer, PlaneFormat
from vidsharp.models.errors import ModelError
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.nets.half import Half

from tests.support.gpu import EIGHT, FORMATS, NAMES, SIXTEEN, TEN, farthest, needs_gpu, noise, student


@pytest.mark.parametrize("size", [(1, 1), (33, 50), (64, 48)])
@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("name", NAMES)
def test_equals_the_cpu(name: str, fmt: PlaneFormat, size: tuple[int, int]) -> None:
    """`fast` on a CPU rounds as the fused code does, so a half may fall to either side."""
    here, there = (Enhancer(student(name), strength=0.7, plain=True, gpu=gpu) for gpu in (None, GpuSettings()))
    planes = noise(1, size, fmt)
    assert farthest(there.planes(planes, fmt), here.planes(planes, fmt)) <= (name == "fast")


@pytest.mark.parametrize("name", NAMES)
def test_a_batch_equals_its_pictures(name: str) -> None:
    enhancer = Enhancer(student(name), gpu=GpuSettings(batch=4))
    pictures = [noise(seed, (40, 52), TEN) for seed in range(4)]
    waiting = [enhancer.begin(planes, TEN) for planes in pictures]
    single = Enhancer(student(name), gpu=GpuSettings(batch=1))
    for later, planes in zip(waiting, pictures, strict=True):
        # Libraries may sum a batch in another order.
        assert farthest(later(), single.planes(planes, TEN)) <= 1


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
@pytest.mark.parametrize("name", ["fast", "reference"])
def test_half_precision_stays_near(name: str, precision: str) -> None:
    """The shipped students in 8 bits. A luma student makes a change, and only that loses bits; a picture loses more."""
    whole = Enhancer(name, plain=True)
    half = Enhancer(name, gpu=GpuSettings(precision=precision))  # type: ignore[arg-type]
    assert half.gpu is not None
    assert half.gpu.dtype(EIGHT) == getattr(torch, precision)
    planes = noise(5, (64, 96))
    steps = farthest(half.planes(planes, EIGHT), whole.planes(planes, EIGHT))
    assert steps <= (1 if precision == "float16" else 4)


def test_precision_follows_what_the_trial_says() -> None:
    enhancer = Enhancer(student("fast"), strength=1.5, gpu=GpuSettings())
    gpu = enhancer.gpu
    assert gpu is not None
    assert gpu.dtype(EIGHT) == torch.float32
    assert gpu.half_error is None
    gpu._half = Half(torch.bfloat16, 0.9 / (1.5 * 255))
    assert (gpu.dtype(EIGHT), gpu.dtype(TEN), gpu.dtype(SIXTEEN)) == (torch.bfloat16, torch.float32, torch.float32)


def test_strength_zero_and_wrong_planes() -> None:
    enhancer = Enhancer(student("reference"), strength=0, gpu=GpuSettings())
    assert enhancer.planes(noise(0, (8, 8)), EIGHT) == [None, None, None]
    with pytest.raises(ModelError, match="10 bits want uint16"):
        Enhancer(student("fast"), gpu=GpuSettings()).begin(noise(0, (8, 8)), TEN)
    chroma = [noise(0, (8, 8))[0], *(np.zeros((3, 3), np.uint8) for _ in range(2))]
    with pytest.raises(ModelError, match="fit no subsampling"):
        Enhancer(student("reference"), gpu=GpuSettings()).planes(chroma, EIGHT)


def test_a_cpu_keeps_its_own_way() -> None:
    enhancer = Enhancer("fast")
    assert enhancer.gpu is None
    assert enhancer.ahead(1080, 1920) == 0


@needs_gpu
@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("graphs", [True, False])
@pytest.mark.parametrize("precision", ["auto", "float32"])
@pytest.mark.parametrize("name", ["fast", "balanced", "reference"])
def test_on_a_gpu_within_one_code_value(name: str, precision: str, graphs: bool, fmt: PlaneFormat) -> None:
    here = Enhancer(name, plain=True)
    settings = GpuSettings(precision=precision, batch=2, graphs=graphs)  # type: ignore[arg-type]
    there = Enhancer(name, device="cuda", gpu=settings)
    pictures = [noise(seed, (180, 318), fmt) for seed in range(5)]
    waiting = [there.begin(planes, fmt) for planes in pictures]
    for later, planes in zip(waiting, pictures, strict=True):
        # In 16 bits, float32 itself has few bits to spare.
        assert farthest(later(), here.planes(planes, fmt)) <= (8 if fmt is SIXTEEN else 1)
    assert there.gpu is not None
    assert there.gpu.way.graphs == (1 if graphs else 0)


@needs_gpu
@pytest.mark.parametrize("name", ["fast", "reference"])
def test_a_gpu_gives_the_same_bits_again_with_graphs_or_without(name: str) -> None:
    pictures = [noise(seed, (360, 640)) for seed in range(12)]

    def made(graphs: bool) -> list[list[np.ndarray | None]]:
        enhancer = Enhancer(name, device="cuda", gpu=GpuSettings(batch=3, graphs=graphs))
        return [later() for later in [enhancer.begin(planes, EIGHT) for planes in pictures]]

    once, twice, eager = made(True), made(True), made(False)
    assert all(farthest(a, b) == farthest(a, c) == 0 for a, b, c in zip(once, twice, eager, strict=True))
