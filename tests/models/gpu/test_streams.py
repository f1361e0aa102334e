"""No answer depends on which stream is how far: each wait is there, and each is needed."""

from collections.abc import Callable, Sequence
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from vidsharp.models.gpu import on_gpu
from vidsharp.models.gpu.batch import Pending
from vidsharp.models.gpu.on_gpu import Computation, OnGpu
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.planes.plane_format import PlaneFormat

from tests.support.fake_gpu import AtOnce, FakeGpu, FakeLane, FakeMark
from tests.support.gpu import EIGHT, SIXTEEN, noise

SIZES = [(6, 8), (30, 40), (6, 4), (50, 70), (5, 7), (4, 4), (12, 2), (2, 30)]


def inverse(planes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
    """With memory in between, which is freed at once."""
    return [((plane ^ 0x55) ^ 0x2A) ^ ~0x7F for plane in planes]


def run(random: Random, *, graphs: bool = True, gpu: FakeGpu | None = None) -> None:
    """Pictures of all kinds, asked for in any order; now and then, all that is under way is given up."""
    gpu = gpu or FakeGpu(random)
    way = OnGpu(gpu.lanes, Computation(inverse), GpuSettings(batch=random.randint(1, 3), graphs=graphs), AtOnce())
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


def run_all(seeds: Sequence[int]) -> None:
    for seed in seeds:
        run(Random(seed))


def check(pending: Pending, planes: list[np.ndarray]) -> None:
    for made, given_ in zip(pending.result(), planes, strict=True):
        np.testing.assert_array_equal(made, ~given_)


@given(seed=st.integers(0, 1 << 32), graphs=st.booleans())
@settings(max_examples=25, deadline=None)
def test_each_gets_its_own_answer_in_any_order_of_the_streams(seed: int, graphs: bool) -> None:
    run(Random(seed), graphs=graphs)


def _no_wait(stream: str) -> Callable[[pytest.MonkeyPatch], None]:
    """Work in the stream sets off at once."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        after = FakeLane.after
        patch.setattr(FakeLane, "after", lambda lane, mark=None: after(lane, None if lane.name == stream else mark))

    return mutate


def _unsaid(stream: str) -> Callable[[pytest.MonkeyPatch], None]:
    """`record_stream` is left out."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        uses = FakeLane.uses
        patch.setattr(FakeLane, "uses", lambda lane, memory: None if lane.name == stream else uses(lane, memory))

    return mutate


MUTATIONS: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "what goes up does not wait for the memory's last work": _no_wait("up"),
    "work does not wait for what goes up": _no_wait("work"),
    "what comes down does not wait for the work": _no_wait("down"),
    "memory is not known to be used by what comes down": _unsaid("down"),
    "nobody waits for the answer": lambda patch: patch.setattr(FakeMark, "synchronize", lambda mark: None),
    "a graph goes while it is at work": lambda patch: patch.setattr(FakeLane, "wait", lambda lane: None),
}


@pytest.mark.parametrize("what", MUTATIONS)
def test_each_wait_is_needed(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it, some order of the streams gives a wrong answer, or comes to memory of somebody else."""
    MUTATIONS[what](monkeypatch)
    with pytest.raises(AssertionError):
        run_all(range(400))


def test_a_copy_that_waits_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The flag without which a copy would hold up the thread that sends pictures on their way."""
    copy = Tensor.copy_
    monkeypatch.setattr(Tensor, "copy_", lambda target, source, **_: copy(target, source))
    with pytest.raises(AssertionError, match="a copy waits"):
        run(Random(0))


@torch.inference_mode()
def test_the_fake_gpu_does_work_late_and_gives_memory_away() -> None:
    gpu = FakeGpu(Random(0))
    gpu.go_on = lambda: None
    with gpu.work.after():
        one = gpu.there(4)
        one.fill_(3)
        assert one.numpy()[0] != 3
        del one
        two = gpu.there(4)
        two.fill_(4)
        kept = two + 1
    gpu.work.wait()
    assert kept.tolist() == [5] * 4
    assert gpu.taken == 2 * 512


def test_few_graphs_are_kept() -> None:
    gpu = FakeGpu(Random(1))
    way = OnGpu(gpu.lanes, Computation(inverse), GpuSettings(batch=1), AtOnce())
    for size in SIZES:
        way.begin(noise(0, size), EIGHT).result()
    assert way.graphs == on_gpu._MOST_GRAPHS
