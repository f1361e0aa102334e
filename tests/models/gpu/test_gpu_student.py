"""The GPU's way gives the CPU's pictures: to the bit in float32 on a CPU, within one code value in half precision."""

from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from vidsharp.models.enhance import Enhancer, PlaneFormat
from vidsharp.models.errors import DeviceError, ModelError
from vidsharp.models.gpu import gpu_student
from vidsharp.models.gpu.gpu_student import GpuStudent
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.nets.catalogue import Student, load_student
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


def test_device_and_precision_are_part_of_what_makes_a_clips_pictures() -> None:
    here = Enhancer(student("fast"), plain=True)
    gpu = Enhancer(student("fast"), gpu=GpuSettings()).gpu
    assert gpu is not None
    whole = gpu.provenance(EIGHT)
    gpu._half = Half(torch.float16, 0.9 / 255)
    assert len({str(each) for each in (here.provenance(EIGHT), whole, gpu.provenance(EIGHT))}) == 3
    assert gpu.provenance(TEN)["precision"] == "float32"


class Card(nn.Module):
    """A net on a card whose half precision is wrong; in float32 it is right."""

    def __init__(self, net: Any, wrong: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.net, self._wrong = net, wrong

    def forward(self, x: Tensor) -> Tensor:
        y = self.net(x)
        return self._wrong(x, y) if torch.is_autocast_enabled("cpu") else y


def on_card(it: Student, wrong: Callable[[Tensor, Tensor], Tensor]) -> Student:
    card: Any = Card(it.net, wrong)
    return replace(it, net=card)


def at_other_shapes(value: Callable[[Tensor], Tensor]) -> Callable[[Tensor, Tensor], Tensor]:
    """Libraries choose kernels by shape: the trial's 64×64 may do well where no other shape does."""
    return lambda x, y: y if x.shape[-2:] == (64, 64) else value(y)


def infinite_where_bright(x: Tensor, y: Tensor) -> Tensor:
    return y + torch.where(x.mean((1, 2, 3), keepdim=True) > 0.7, float("inf"), 0.0)


CARDS = {
    "NaN at other shapes": at_other_shapes(lambda y: y * float("nan")),
    "inaccurate at other shapes": at_other_shapes(lambda y: y + 0.1),
    "infinite for bright pictures": infinite_where_bright,
}


@pytest.mark.parametrize("wrong", CARDS.values(), ids=CARDS)
def test_pictures_stay_within_one_code_whatever_a_card_does_at_their_shape(
    wrong: Callable[[Tensor, Tensor], Tensor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gpu_student, "half_type", lambda precision, device: torch.float16)
    there = Enhancer(on_card(load_student("fast"), wrong), gpu=GpuSettings(batch=1))
    assert there.gpu is not None
    assert there.gpu.dtype(EIGHT) == torch.float16
    here = Enhancer("fast", gpu=GpuSettings("float32", batch=1))
    for least in (0, 200):
        planes = [np.random.default_rng(1).integers(least, 256, (96, 120)).astype(np.uint8)]
        assert farthest(there.planes(planes, EIGHT), here.planes(planes, EIGHT)) <= 1


NO_ROOM = [
    torch.OutOfMemoryError("CUDA out of memory."),
    RuntimeError("GET was unable to find an engine to execute this computation"),
]


@pytest.mark.parametrize("error", [*NO_ROOM, RuntimeError("CUDA error: out of memory")])
def test_a_student_for_which_there_is_no_room_is_a_sentence(error: Exception) -> None:
    it = student("fast")

    def to(*given: Any, **named: Any) -> Any:
        raise copy(error)

    it.net.to = to
    with pytest.raises(DeviceError, match="--device cpu"):
        GpuStudent(it, torch.device("cpu"), 1.0, GpuSettings())


@pytest.mark.parametrize("error", NO_ROOM)
def test_a_trial_that_finds_no_room_is_a_sentence(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_student, "half_type", lambda precision, device: torch.float16)

    def fails(x: Tensor, y: Tensor) -> Tensor:
        raise copy(error)

    with pytest.raises(DeviceError, match="--device cpu"):
        GpuStudent(on_card(load_student("fast"), fails), torch.device("cpu"), 1.0, GpuSettings())


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
