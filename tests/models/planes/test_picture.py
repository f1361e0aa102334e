"""A frame becomes the picture that people see, and the place of most change is found."""

import numpy as np
import pytest
import torch
from vidsharp.models.planes.colour import yuv_to_rgb
from vidsharp.models.planes.picture import busiest, rgb_picture
from vidsharp.models.planes.plane_format import PlaneFormat

SIDE_PX = 256


@pytest.mark.parametrize("place", [(0, 0), (40, 120), (344, 744)])
def test_the_busiest_place(place: tuple[int, int]) -> None:
    values = np.zeros((600, 1000), np.float32)
    values[place[0] : place[0] + SIDE_PX, place[1] : place[1] + SIDE_PX] = 1
    assert busiest(values, SIDE_PX, SIDE_PX) == place


def test_a_window_larger_than_the_picture_is_the_picture() -> None:
    assert busiest(np.ones((100, 50)), 270, 480) == (0, 0)


@pytest.mark.parametrize("bit_depth", [8, 10, 16])
def test_black_grey_and_white(bit_depth: int) -> None:
    dtype, scale = (np.uint8, 1) if bit_depth == 8 else (np.uint16, 2 ** (bit_depth - 8))
    luma = np.array([[16, 235], [0, 255]]).repeat(2, 0).repeat(2, 1) * scale  # limited range, and beyond it
    grey = np.full((2, 2), 128 * scale)
    fmt = PlaneFormat(bit_depth, full_range=False, matrix="bt709", chroma_left=True)
    planes = [plane.astype(dtype) for plane in (luma, grey, grey)]
    shown = rgb_picture(planes, fmt)
    assert (shown.dtype, shown.shape) == (np.uint8, (4, 4, 3))
    np.testing.assert_array_equal(shown[:, :, 0], np.array([[0, 255], [0, 255]]).repeat(2, 0).repeat(2, 1))
    np.testing.assert_array_equal(rgb_picture(planes[:1], fmt), shown)


@pytest.mark.parametrize("chroma", [(48, 64), (48, 32), (24, 32)])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", ["bt601", "bt709", "bt2020"])
def test_colours_are_those_that_students_get(matrix: str, full_range: bool, chroma: tuple[int, int]) -> None:
    """But for how chroma spreads where it is subsampled, which shows at steps only: here, colours change slowly."""
    across, down = np.meshgrid(np.linspace(0, 1, 64), np.linspace(0, 1, 48))
    luma = (60 + 120 * across).astype(np.uint8)
    steps = (slice(None, None, 48 // chroma[0]), slice(None, None, 64 // chroma[1]))
    u, v = ((100 + 40 * slope[steps]).astype(np.uint8) for slope in (down, across))
    shown = rgb_picture([luma, u, v], PlaneFormat(8, full_range, matrix, chroma_left=False))
    y, *uv = (torch.from_numpy(plane.astype(np.float32)) for plane in (luma, u, v))
    exact = yuv_to_rgb(y, *uv, matrix=matrix, full_range=full_range, bit_depth=8, chroma_left=False)
    expected = (exact[0].permute(1, 2, 0).clamp(0, 1) * 255).numpy()
    np.testing.assert_allclose(shown, expected, atol=0.51 if chroma == (48, 64) else 1.5)


def test_planes_that_may_not_be_written() -> None:
    luma = np.full((4, 4), 200, np.uint8)
    luma.flags.writeable = False
    fmt = PlaneFormat(8, full_range=True, matrix="bt601", chroma_left=False)
    assert (rgb_picture([luma], fmt) == 200).all()
