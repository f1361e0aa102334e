"""No answer depends on which stream is how far. (That each wait is needed, `test_mutants.py` shows.)"""

from random import Random

import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from vidsharp.models.gpu import on_gpu
from vidsharp.models.gpu.on_gpu import Computation, OnGpu
from vidsharp.models.gpu.settings import GpuSettings

from tests.support.fake_gpu import AtOnce, FakeGpu
from tests.support.gpu import EIGHT, noise
from tests.support.late_pictures import SIZES, inverse, run


@given(seed=st.integers(0, 1 << 32), graphs=st.booleans())
@settings(max_examples=25, deadline=None)
def test_each_gets_its_own_answer_in_any_order_of_the_streams(seed: int, graphs: bool) -> None:
    run(Random(seed), graphs=graphs)


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
