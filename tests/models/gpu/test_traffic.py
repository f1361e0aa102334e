"""What a GPU has to do for a frame of 1080p: it stays on the device, and is not more than it was.

Counted on tensors without numbers; that less is also faster, only a GPU can say.
"""

from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn
from vidsharp.models.nets.catalogue import Student, load_student, student_of
from vidsharp.models.planes.plane_format import PlaneFormat

from tests.support.fake_cuda import OnDeviceAlone, Waits, a_gpu, codes, on_gpu
from tests.support.gpu import EIGHT, SIXTEEN, TEN, student
from tests.support.students import random_teacher
from tests.support.toy_window import ToyWindow
from tests.support.traffic import Traffic

FRAME = (1080, 1920)
STUDENTS: dict[str, Callable[[], Student]] = {
    "fast": lambda: student("fast"),
    "reference": lambda: student("reference"),
    "teacher, RGB": lambda: student_of("teacher", random_teacher(3)),
    "teacher, luma": lambda: student_of("teacher", random_teacher(1)),
    "teacher, in cells": lambda: student_of("teacher", random_teacher(16)),
    "three pictures": lambda: student_of("toy", ToyWindow()),
}
MOST: dict[tuple[str, str], tuple[int, float]] = {
    ("fast", "float16"): (51, 673),
    ("fast", "float32"): (48, 971),
    ("balanced", "float16"): (60, 1054),
    ("balanced", "float32"): (57, 1734),
    ("best", "float16"): (65, 2549),
    ("reference", "float16"): (98, 7958),
    ("reference", "float32"): (95, 9360),
}
"""Launches, and megabytes read and written."""


@pytest.mark.parametrize(("name", "precision"), MOST)
def test_launches_and_bytes_of_a_frame(name: str, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = load_student(name)
    with a_gpu(monkeypatch):
        there = on_gpu(loaded, precision=precision)
        planes = codes(*FRAME)[: 3 if there.domain == "rgb" else 1]
        with Traffic() as traffic:
            there.sharpen(planes, EIGHT)
    said = traffic.launches.total(), round(traffic.bytes.total() / 1e6)
    assert said == MOST[name, precision], "say the new figures here where they are smaller, or worth it"


@pytest.mark.parametrize("precision", ["float16", "float32"])
@pytest.mark.parametrize("fmt", [EIGHT, TEN, SIXTEEN], ids=["8", "10", "16"])
@pytest.mark.parametrize("name", [*STUDENTS])
def test_nothing_waits_for_the_gpu(
    name: str, fmt: PlaneFormat, precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither numbers that are looked at nor copies to and fro: such work could not be captured as a graph."""
    one = STUDENTS[name]()
    with a_gpu(monkeypatch):
        there = on_gpu(one, precision=precision)
        kind = torch.uint8 if fmt is EIGHT else torch.int16
        planes = codes(18, 23, 2, kind)[: 3 if there.domain == "rgb" else 1]
        with OnDeviceAlone():
            made = there.sharpen(planes * len(there.offsets), fmt)
    *made, finite = made
    assert [(each.shape, each.dtype, each.device.type) for each in made] == [
        (each.shape, kind, "cuda") for each in planes
    ]
    assert (finite.shape, finite.dtype) == ((2,), torch.bool)


class Waiting(nn.Module):
    """A network that does what it should not."""

    domain, halo_px, align_px, sees_beyond_halo, looks, radius, far_neighbours = "luma", 0, 1, False, 1, 0, ()
    feature_layer = ""

    def __init__(self, how: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self._how = how

    def forward(self, luma: Tensor) -> Tensor:
        return self._how(luma)


@pytest.mark.parametrize(
    "how",
    [
        lambda x: x * x.mean().item(),
        lambda x: x.cpu().to(x.device),
        lambda x: x + torch.zeros(x.shape).to(x.device),
        lambda x: torch.where(x > 0.5, x, torch.tensor([0.5], device="cpu")),
        lambda x: x + torch.tensor(0.5).to(x.device),
        lambda x: x if x.mean() > 0.5 else -x,
        lambda x: x.new_zeros(x.shape).index_put_((x > 0,), x[x > 0]),
    ],
    ids=["a number", "down and up", "up", "a tensor here", "a number up", "a choice", "a mask"],
)
def test_what_waits_is_noticed(how: Callable[[Tensor], Tensor], monkeypatch: pytest.MonkeyPatch) -> None:
    with a_gpu(monkeypatch):
        there = on_gpu(student_of("waiting", Waiting(how)), precision="float32")
        with OnDeviceAlone(), pytest.raises((Waits, RuntimeError)):
            there.sharpen(codes(16, 16)[:1], EIGHT)
