"""Batches, their order, and what is launched how: on a CPU, where the same steps are done one after another."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from vidsharp.models.errors import DeviceError
from vidsharp.models.gpu import on_gpu
from vidsharp.models.gpu.batch import Pending
from vidsharp.models.gpu.graph import Compute
from vidsharp.models.gpu.lanes import lanes_of
from vidsharp.models.gpu.on_gpu import Computation, OnGpu
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.planes.plane_format import PlaneFormat

from tests.support.gpu import EIGHT, SIXTEEN, noise

CPU = torch.device("cpu")


def on_gpu_of(
    run: Callable[[Sequence[Tensor], PlaneFormat], list[Tensor]],
    settings: GpuSettings,
    capture: Callable[[Compute, Sequence[Tensor]], Compute | None] | None = None,
) -> OnGpu:
    return OnGpu(replace(lanes_of(CPU), capture=capture), Computation(run), settings)


SIZES = [(6, 8), (6, 4), (5, 7)]


class Inverse:
    """A computation whose answers tell which picture they are of; notes the batches."""

    def __init__(self) -> None:
        self.batches: list[int] = []

    def __call__(self, planes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
        self.batches.append(planes[0].shape[0])
        return [~plane for plane in planes]


def assert_inverse(pending: Pending, planes: list[np.ndarray]) -> None:
    for made, given_ in zip(pending.result(), planes, strict=True):
        np.testing.assert_array_equal(made, ~given_)
        assert made.dtype == given_.dtype


@given(
    kinds=st.lists(st.tuples(st.sampled_from(SIZES), st.sampled_from([EIGHT, SIXTEEN])), max_size=20),
    batch=st.integers(1, 5),
    rng=st.randoms(use_true_random=False),
)
def test_each_gets_its_own_answer_whoever_asks_first(
    kinds: list[tuple[tuple[int, int], PlaneFormat]], batch: int, rng: Random
) -> None:
    gpu = on_gpu_of(Inverse(), GpuSettings(batch=batch))
    waiting: list[tuple[Pending, list[np.ndarray]]] = []
    for seed, (size, fmt) in enumerate(kinds):
        planes = noise(seed, size, fmt)
        kept = [plane.copy() for plane in planes]
        waiting.append((gpu.begin(planes, fmt), kept))
        for plane in planes:
            plane[...] = 0  # the caller's again
        if rng.random() < 0.3:
            assert_inverse(*waiting.pop(rng.randrange(len(waiting))))
    for pending, planes in waiting:
        assert_inverse(pending, planes)
        assert pending.result() is pending.result()


def test_batches_are_full_but_for_the_last_and_before_a_change() -> None:
    compute = Inverse()
    gpu = on_gpu_of(compute, GpuSettings(batch=3))
    same, other = [noise(n, (6, 8)) for n in range(7)], noise(9, (4, 4))
    last = [gpu.begin(planes, EIGHT) for planes in (*same, other)][-1]
    assert compute.batches == [3, 3, 3], "the third one is filled up"
    last.result()
    assert compute.batches == [3, 3, 3, 3]


def test_small_pictures_are_batched_by_their_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    gpu = on_gpu_of(Inverse(), GpuSettings())
    assert gpu.batch_of(1080, 1920) == 1
    assert gpu.batch_of(2160, 3840) == 1
    assert gpu.batch_of(360, 640) == 9
    assert gpu.ahead(360, 640) == 27
    assert gpu.batch_of(0, 0) > 0


def test_memory_is_used_again() -> None:
    gpu = on_gpu_of(Inverse(), GpuSettings(batch=2))
    for seed in range(40):
        first, second = (gpu.begin(noise(seed + n, (6, 8)), EIGHT) for n in range(2))
        second.result()
        first.result()
    assert len(gpu._free) == 1


class Capture:
    """Stands for the capture of graphs."""

    def __init__(self, works: bool) -> None:
        self.works, self.captures, self.replays = works, 0, 0

    def __call__(self, compute: Compute, like: Sequence[Tensor]) -> Compute | None:
        self.captures += 1
        shapes, out = [plane.shape for plane in like], [plane.clone() for plane in like]

        def replay(planes: Sequence[Tensor]) -> list[Tensor]:
            assert [plane.shape for plane in planes] == shapes
            self.replays += 1
            for mine, plane in zip(out, compute(planes), strict=True):
                mine.copy_(plane)
            return out

        return replay if self.works else None


@pytest.mark.parametrize("works", [True, False])
def test_full_batches_are_replayed_where_capture_works(works: bool) -> None:
    capture = Capture(works)
    gpu = on_gpu_of(Inverse(), GpuSettings(batch=2), capture)
    pictures = [noise(n, (6, 8)) for n in range(7)]
    waiting = [gpu.begin(planes, EIGHT) for planes in pictures]
    for pending, planes in zip(waiting, pictures, strict=True):
        assert_inverse(pending, planes)
    assert capture.captures == 1, "what failed once is not tried again"
    assert capture.replays == (4 if works else 0)
    assert gpu.graphs == works


def test_few_graphs_are_kept_and_none_where_none_are_wanted() -> None:
    capture = Capture(True)
    gpu = on_gpu_of(Inverse(), GpuSettings(batch=1), capture)
    for side in range(2, 12):
        assert_inverse(gpu.begin(planes := noise(side, (side, 4)), EIGHT), planes)
    assert (capture.captures, gpu.graphs) == (10, on_gpu._MOST_GRAPHS)
    none = on_gpu_of(Inverse(), GpuSettings(batch=1, graphs=False), capture)
    assert_inverse(none.begin(planes := noise(0, (6, 4)), EIGHT), planes)
    assert (capture.captures, none.graphs) == (10, 0)


def test_an_error_is_raised_for_each_picture_of_its_batch() -> None:
    def full(planes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
        raise DeviceError("The GPU is full.")

    gpu = on_gpu_of(full, GpuSettings(batch=3))
    waiting = [gpu.begin(noise(n, (6, 8)), EIGHT) for n in range(2)]
    for pending in waiting:
        with pytest.raises(DeviceError, match="is full"):
            pending.result()
