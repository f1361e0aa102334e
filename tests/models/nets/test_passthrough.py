"""The reference student's start near the identity."""

import torch
from skimage import data
from vidsharp.models.nets.reference import ReferenceStudent


def test_passthrough_is_nearly_the_identity() -> None:
    torch.manual_seed(0)
    student = ReferenceStudent()
    student.start_as_identity()
    x = torch.from_numpy(data.astronaut()[:96, :96].copy()).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        error = student(x)[0] - x
    assert float(error.square().mean().sqrt()) < 1 / 255
    assert float(error.abs().max()) < 3 / 255
