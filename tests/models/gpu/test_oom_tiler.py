"""Whole frames where they fit, else tiles with the same result."""

import pytest
import torch
from torch import Tensor
from vidsharp.models.gpu import oom_tiler
from vidsharp.models.gpu.oom_tiler import OomTiler

from tests.support.students import random_student


class Memory:
    """A network on a device that has room for so many pixels of input."""

    def __init__(self, room: int) -> None:
        self.net, self.room = random_student(), room
        self.calls: list[int] = []

    def __call__(self, x: Tensor) -> Tensor:
        self.calls.append(x.shape[0] * x.shape[-1] * x.shape[-2])
        if self.calls[-1] > self.room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1.00 GiB.")
        return self.net(x)


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oom_tiler, "SMALLEST_PIXELS", 1 << 12)


def fits(memory: Memory) -> OomTiler:
    return OomTiler(memory.net.halo_px, memory.net.align_px)


def run(it: OomTiler, memory: Memory, x: Tensor) -> Tensor:
    while True:
        try:
            return it.run(memory, x)
        except torch.OutOfMemoryError:
            if not it.shrink():
                raise


@pytest.mark.parametrize("pictures", [1, 3])
@torch.inference_mode()
def test_tiles_give_the_whole_frames_result_and_are_remembered(pictures: int) -> None:
    x = torch.rand((pictures, 1, 250, 131), generator=torch.Generator().manual_seed(1))
    memory = Memory(x.numel() // 2)
    it = fits(memory)
    whole = memory.net(x)
    torch.testing.assert_close(run(it, memory, x), whole)
    assert memory.calls[0] == x.numel() > memory.room
    memory.calls.clear()
    torch.testing.assert_close(it.run(memory, x), whole)
    assert len(memory.calls) > 1
    assert max(memory.calls) <= memory.room, "what found no room is not tried again"


@torch.inference_mode()
def test_a_frame_that_fits_is_one_call() -> None:
    x = torch.rand((2, 1, 90, 70))
    memory = Memory(x.numel())
    assert torch.equal(fits(memory).run(memory, x), memory.net(x))
    assert memory.calls == [x.numel()]


@torch.inference_mode()
def test_there_is_an_end_to_it() -> None:
    memory = Memory(0)
    with pytest.raises(torch.OutOfMemoryError):
        run(fits(memory), memory, torch.zeros(1, 1, 200, 300))
    assert 3 < len(memory.calls) < 10
