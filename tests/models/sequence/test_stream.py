"""A stream of pictures equals picture by picture, in order, with no more in flight than was said."""

from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vidsharp.models.enhance import Enhancer
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.sequence.stream import enhance_stream

from tests.support.gpu import EIGHT, NAMES, farthest, needs_gpu, noise, student

ONE_BY_ONE = {name: Enhancer(student(name), gpu=GpuSettings(batch=1)) for name in NAMES}
ON_A_CPU = {name: Enhancer(student(name)) for name in NAMES}
pictures_of_sizes = st.lists(st.sampled_from([(8, 12), (5, 9), (16, 6)]), max_size=12)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=20, deadline=None)
@given(sizes=pictures_of_sizes, batch=st.integers(1, 4))
def test_equals_picture_by_picture(name: str, sizes: list[tuple[int, int]], batch: int) -> None:
    pictures = [noise(seed, size) for seed, size in enumerate(sizes)]
    enhancer = Enhancer(student(name), gpu=GpuSettings(batch=batch))
    made = list(enhance_stream(enhancer, pictures, EIGHT))
    assert len(made) == len(pictures)
    for one, planes in zip(made, pictures, strict=True):
        assert farthest(one, ONE_BY_ONE[name].planes(planes, EIGHT)) <= 1


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=10, deadline=None)
@given(sizes=pictures_of_sizes)
def test_on_a_cpu_it_is_a_loop(name: str, sizes: list[tuple[int, int]]) -> None:
    pictures = [noise(seed, size) for seed, size in enumerate(sizes)]
    for one, planes in zip(enhance_stream(ON_A_CPU[name], pictures, EIGHT), pictures, strict=True):
        assert farthest(one, ON_A_CPU[name].planes(planes, EIGHT)) == 0


@pytest.mark.parametrize(("gpu", "most"), [(None, 1), (GpuSettings(batch=2), 7)])
def test_no_more_are_taken_than_are_in_flight(gpu: GpuSettings | None, most: int) -> None:
    enhancer, taken = Enhancer(student("fast"), gpu=gpu), 0

    def source() -> Iterator[list[np.ndarray]]:
        nonlocal taken
        for seed in range(20):
            taken += 1
            yield noise(seed, (8, 8))

    for given_back, _ in enumerate(enhance_stream(enhancer, source(), EIGHT)):
        assert taken <= given_back + most
    assert taken == 20


def test_strength_zero_and_no_pictures() -> None:
    still = Enhancer(student("fast"), strength=0, gpu=GpuSettings())
    assert list(enhance_stream(still, [noise(0, (4, 4))] * 2, EIGHT)) == [[None] * 3] * 2
    assert list(enhance_stream(still, [], EIGHT)) == []


@needs_gpu
def test_on_a_gpu_order_is_kept() -> None:
    pictures = [noise(seed, (90, 160)) for seed in range(100)]
    here, there = Enhancer("fast", plain=True), Enhancer("fast", device="cuda")
    for one, planes in zip(enhance_stream(there, pictures, EIGHT), pictures, strict=True):
        assert farthest(one, here.planes(planes, EIGHT)) <= 1
