"""The report's network, parameter for parameter."""

import pytest
import torch
from vidsharp.models.nets.reference import ReferenceStudent


def test_parameter_count_and_names() -> None:
    student = ReferenceStudent()
    assert sum(p.numel() for p in student.parameters()) == 503_683
    assert {name.rsplit(".", 1)[0] for name in student.state_dict()} == {
        "encoder.0",
        "encoder.2",
        "resblock.block.0",
        "resblock.block.2",
        "decoder.0",
        "decoder.2",
    }


@pytest.mark.parametrize("size", [(8, 8), (7, 9), (1, 1), (2, 5)])
def test_answers_any_size_with_image_and_none(size: tuple[int, int]) -> None:
    image, extra = ReferenceStudent()(torch.rand(2, 3, *size))
    assert image.shape == (2, 3, *size)
    assert extra is None
    assert image.min() >= 0
    assert image.max() <= 1


def test_depends_on_nothing_beyond_the_halo() -> None:
    student, x = ReferenceStudent(), torch.rand(1, 3, 48, 48)
    halo = student.halo_px
    other = torch.rand(1, 3, 48, 48)
    other[..., 24 - halo : 26 + halo, 24 - halo : 26 + halo] = x[..., 24 - halo : 26 + halo, 24 - halo : 26 + halo]
    with torch.inference_mode():
        same, differing = student(x)[0], student(other)[0]
    assert torch.equal(same[..., 24:26, 24:26], differing[..., 24:26, 24:26])
