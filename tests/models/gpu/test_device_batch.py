"""Pictures that lie on the GPU get their own answers there, also where others come from this machine's memory."""

from random import Random
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from vidsharp.models.gpu import device_batch
from vidsharp.models.gpu.batch import Pending
from vidsharp.models.gpu.device_batch import DeviceBatch
from vidsharp.models.gpu.on_gpu import Computation, OnGpu
from vidsharp.models.gpu.settings import GpuSettings

from tests.support.fake_gpu import AtOnce, FakeGpu, Race
from tests.support.gpu import EIGHT, SIXTEEN, noise
from tests.support.late_pictures import check, inverse
from tests.support.source_mutants import source_of


def put_there(gpu: FakeGpu, planes: list[np.ndarray]) -> list[Tensor]:
    """The planes in the GPU's memory, finished."""
    there = []
    with gpu.codecs.after():
        for plane in planes:
            here = torch.from_numpy(plane if plane.dtype == np.uint8 else plane.view(np.int16))
            memory = gpu.there(plane.nbytes)[: plane.nbytes].view(here.dtype).view(here.shape)
            memory.copy_(here, non_blocking=True)
            there.append(memory)
    gpu.codecs.wait()
    return there


def run(random: Random, kind: type[DeviceBatch] = DeviceBatch) -> None:
    """Pictures of both kinds, asked for in any order; now and then, all that is under way is given up."""
    gpu = FakeGpu(random)
    settings = GpuSettings(batch=random.randint(1, 2), graphs=random.random() < 0.5)
    way = OnGpu(gpu.lanes, Computation(inverse), settings, AtOnce())
    waiting: list[tuple[Pending, list[np.ndarray], bool]] = []
    for seed in range(16):
        fmt = random.choice([EIGHT, SIXTEEN])
        planes, there = noise(seed, (6, 8), fmt), random.random() < 0.7
        given: Any = put_there(gpu, planes) if there else planes
        waiting.append((way.begin(given, fmt, kind) if there else way.begin(given, fmt), planes, there))
        del given
        if random.random() < 0.4:
            waiting.clear()
            way.forget()
        while waiting and random.random() < 0.5:
            _collect(*waiting.pop(random.randrange(len(waiting))))
    for each in waiting:
        _collect(*each)
    gpu.until(lambda: not any(lane.queue for lane in gpu.all))


def _collect(pending: Pending, planes: list[np.ndarray], there: bool) -> None:
    if not there:
        check(pending, planes)
        return
    for made, plane in zip(pending.result(), planes, strict=True):
        np.testing.assert_array_equal(made.numpy().view(plane.dtype), ~plane)


def test_each_gets_its_own_answer() -> None:
    for seed in range(8):
        run(Random(seed))


def give_up(kind: type[DeviceBatch]) -> None:
    """Pictures that nobody waits for any more before they are read, and others in their place."""
    for seed in range(20):
        gpu = FakeGpu(Random(seed))
        gpu.go_on = lambda: None  # type: ignore[method-assign]
        way = OnGpu(gpu.lanes, Computation(inverse), GpuSettings(batch=1, graphs=False), AtOnce())
        way.begin(put_there(gpu, noise(0, (6, 8))), EIGHT, kind)
        put_there(gpu, noise(1, (6, 8)))
        gpu.until(lambda gpu=gpu: not any(lane.queue for lane in gpu.all))


def test_memory_of_those_that_were_given_up_is_not_read() -> None:
    """Without the word to the allocator, somebody else's would be."""
    give_up(DeviceBatch)
    source, word = source_of("vidsharp.models.gpu", "device_batch"), "lanes.up.uses(planes[number])"
    assert source.count(word) == 1
    space: dict[str, Any] = {"__name__": device_batch.__name__, "__package__": "vidsharp.models.gpu"}
    exec(compile(source.replace(word, "pass"), "<device_batch, changed>", "exec"), space)
    with pytest.raises(Race):
        give_up(space["DeviceBatch"])


@pytest.mark.parametrize("firsts", [[9, 3, 9], [9, 9, 9], [9, 9]])
def test_answers_that_are_no_numbers_are_computed_again(firsts: list[int]) -> None:
    gpu, again = FakeGpu(Random(0)), 3 in firsts
    computation = Computation(
        lambda planes, fmt: [*(plane ^ 1 for plane in planes), planes[0][:, 0, 0] >= 7],
        lambda planes, fmt: [~plane for plane in planes],
    )
    way = OnGpu(gpu.lanes, computation, GpuSettings(batch=3), AtOnce())
    pictures = [noise(number, (6, 8)) for number in range(len(firsts))]
    for planes, first in zip(pictures, firsts, strict=True):
        planes[0][0, 0] = first
    waiting = [way.begin(put_there(gpu, planes), EIGHT, DeviceBatch) for planes in pictures]
    for pending, planes in zip(waiting, pictures, strict=True):
        wanted = ~planes[0] if again else planes[0] ^ 1
        np.testing.assert_array_equal(pending.result()[0].numpy(), wanted)
