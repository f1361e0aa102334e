"""Tiles and strips give the whole frame's result."""

import pytest
import torch
from vidsharp.models.cpu.tiles import in_tiles, strip_of, tiles_of
from vidsharp.models.nets.reference import ReferenceStudent
from vidsharp.models.nets.swinir import SwinIRConfig
from vidsharp.models.nets.teacher import SwinIRTeacher

from tests.support.students import random_student

LAST_BIT = 2e-7
"""oneDNN sums more than 16 channels in an order that depends on the size: the last bit of a float32 near 1."""


@pytest.mark.parametrize("tile", [(32, 62), (32, 24), (200, 30)])
@pytest.mark.parametrize("height", [150, 149, 40])
def test_reference(height: int, tile: tuple[int, int]) -> None:
    torch.manual_seed(1)
    student, x = ReferenceStudent().eval(), torch.rand(1, 3, height, 62)
    with torch.inference_mode():
        tiles = in_tiles(lambda part: student(part)[0], x, halo=8, align=2, tile=tile)
        torch.testing.assert_close(student(x)[0], tiles, atol=LAST_BIT, rtol=0)


@pytest.mark.parametrize("tile", [(40, 61), (40, 20), (13, 7)])
@pytest.mark.parametrize("height", [150, 149, 40])
def test_fast_to_the_last_bit(height: int, tile: tuple[int, int]) -> None:
    student, x = random_student(), torch.rand(1, 1, height, 61)
    with torch.inference_mode():
        tiles = in_tiles(student, x, halo=student.halo_px, align=student.align_px, tile=tile)
        assert torch.equal(student(x), tiles)


def test_teacher_where_its_view_ends_within_the_halo() -> None:
    """Two blocks of windows of 8 and four convolutions: nothing is seen from farther than 32 pixels."""
    torch.manual_seed(0)
    teacher = SwinIRTeacher(SwinIRConfig(img_size=16, in_chans=1, embed_dim=12, depths=(2,), num_heads=(2,))).eval()
    x = torch.rand(1, 1, 96, 104)
    with torch.inference_mode():
        tiles = in_tiles(teacher, x, halo=teacher.halo_px, align=teacher.align_px, tile=(32, 40))
        torch.testing.assert_close(teacher(x), tiles, atol=2e-6, rtol=0)


def test_a_strip_is_as_wide_as_the_frame_and_higher_than_its_halo() -> None:
    assert strip_of((1080, 1920), halo=16, pixels=1920 * 100) == (100, 1920)
    assert strip_of((1080, 1920), halo=100, pixels=1920 * 100) == (200, 1920)


@pytest.mark.parametrize("size", [(1080, 1920), (721, 1283), (100, 3000), (37, 41)])
def test_tiles_make_up_the_frame_from_windows_on_a_grid(size: tuple[int, int]) -> None:
    done = torch.zeros(size, dtype=torch.int32)
    for tile in tiles_of(size, halo=8, align=2, tile=strip_of(size, 8, 1 << 17, 1024), grid=16):
        done[tile.top : tile.bottom, tile.left : tile.right] += 1
        for window, first, end, side in zip(
            tile.window, (tile.top, tile.left), (tile.bottom, tile.right), size, strict=True
        ):
            assert max(first - 8, 0) >= window.start
            assert min(end + 8, side) <= window.stop
            assert window.start % 2 == 0
            assert (window.stop - window.start) % 16 == 0 or (window.start == 0 and window.stop >= side)
    assert (done == 1).all()
