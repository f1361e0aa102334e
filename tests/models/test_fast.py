"""The fast student: identity when fresh, any size, its filters exact, its reach as stated."""

import pytest
import torch
import torch.nn.functional as F
from vidsharp.models.fast import FACTOR, PHASES, FastStudent

from tests.models.students import random_student


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (37, 51), (64, 64)])
def test_fresh_student_is_the_identity_at_any_size(size: tuple[int, int]) -> None:
    x = torch.rand(2, 1, *size)
    assert torch.equal(FastStudent()(x), x)


def test_cell_convolution_equals_full_size_filters() -> None:
    student, x = random_student(), torch.rand(1, 1, 24, 32)
    filters = student.filters - student.filters.mean(dim=(1, 2), keepdim=True)
    direct = F.conv2d(F.pad(x, (FACTOR,) * 4, mode="replicate"), filters[:, None])
    cells = F.pixel_unshuffle(F.pad(x, (FACTOR,) * 4, mode="replicate"), FACTOR)
    bands = F.conv2d(cells, student._cell_weights()).view(1, student.bands, PHASES, 6, 8)
    through_cells = F.pixel_shuffle(bands.flatten(0, 1), FACTOR).transpose(0, 1)
    torch.testing.assert_close(through_cells, direct, atol=1e-5, rtol=0)  # sums of 81 in another order


def test_flat_picture_passes_the_filters_unchanged() -> None:
    student = random_student()
    cells = torch.full((1, PHASES, 5, 5), 0.7)
    assert F.conv2d(cells, student._cell_weights()).abs().max() < 1e-5


def test_tile_with_halo_equals_whole_frame() -> None:
    student, x = random_student(), torch.rand(1, 1, 120, 144)
    halo = student.halo_px
    with torch.inference_mode():
        whole = student(x)
        for top, left, side in [(40, 48, 32), (0, 0, 32), (88, 112, 32), (64, 4, 20)]:
            y, x0 = max(top - halo, 0), max(left - halo, 0)
            tile = student(x[..., y : top + side + halo, x0 : left + side + halo])
            inner = tile[..., top - y : top - y + side, left - x0 : left - x0 + side]
            assert torch.equal(inner, whole[..., top : top + side, left : left + side])


def test_like_rebuilds_other_sizes() -> None:
    for depth in (2, 3, 4):
        student = FastStudent(bands=3, width=8, depth=depth)
        FastStudent.like(student.state_dict()).load_state_dict(student.state_dict())


def test_zero_filters_and_head_give_the_input_back() -> None:
    student, x = random_student(), torch.rand(1, 1, 20, 20)
    with torch.no_grad():
        for parameter in student.guide[-1].parameters():
            parameter.zero_()
    assert torch.equal(student(x), x)
