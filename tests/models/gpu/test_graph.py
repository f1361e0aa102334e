"""A graph gives what its computation gives; where there can be none, that is no error."""

from collections.abc import Sequence

import pytest
import torch
from torch import Tensor
from vidsharp.models.gpu.graph import captured

from tests.support.gpu import needs_gpu


def double(planes: Sequence[Tensor]) -> list[Tensor]:
    return [plane * 2 for plane in planes]


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_there_is_none() -> None:
    assert captured(double, [torch.zeros(3)]) is None


@needs_gpu
def test_replays_on_new_numbers() -> None:
    with torch.cuda.stream(torch.cuda.Stream()):
        graph = captured(double, [torch.zeros(3, device="cuda")])
        assert graph is not None
        for number in (1.0, 5.0):
            made = graph([torch.full((3,), number, device="cuda")])
            assert made[0].tolist() == [2 * number] * 3


@needs_gpu
def test_what_waits_for_the_gpu_cannot_be_captured_and_works_on() -> None:
    def waits(planes: Sequence[Tensor]) -> list[Tensor]:
        return [plane * plane.sum().item() for plane in planes]

    with torch.cuda.stream(torch.cuda.Stream()):
        ones = torch.ones(3, device="cuda")
        assert captured(waits, [ones]) is None
        assert waits([ones])[0].tolist() == [3.0] * 3
