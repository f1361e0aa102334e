"""Strips give the whole frame's result."""

import pytest
import torch
from vidsharp.models.reference import ReferenceStudent
from vidsharp.models.strips import in_strips

from tests.models.students import random_student


@pytest.mark.parametrize("height", [150, 149, 40])
def test_reference(height: int) -> None:
    torch.manual_seed(1)
    student, x = ReferenceStudent().eval(), torch.rand(1, 3, height, 62)
    with torch.inference_mode():
        strips = in_strips(lambda part: student(part)[0], x, halo=8, align=2, strip_pixels=62 * 32)
        # On several threads oneDNN sums 128 channels in an order that depends on the size: the last bit of a float.
        torch.testing.assert_close(student(x)[0], strips, atol=2e-7, rtol=0)


@pytest.mark.parametrize("height", [150, 149, 40])
def test_fast(height: int) -> None:
    student, x = random_student(), torch.rand(1, 1, height, 61)
    with torch.inference_mode():
        strips = in_strips(student, x, halo=student.halo_px, align=student.align_px, strip_pixels=61 * 40)
        assert torch.equal(student(x), strips)
