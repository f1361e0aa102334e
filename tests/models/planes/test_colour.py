"""Colour conversion against numbers worked out apart, and there and back again."""

import numpy as np
import pytest
import torch
from vidsharp.models.errors import ModelError
from vidsharp.models.planes.colour import downsample_chroma, rgb_to_yuv, upsample_chroma, yuv_to_rgb

BT709 = {"matrix": "bt709", "full_range": False, "bit_depth": 8, "chroma_left": True}


@pytest.mark.parametrize(
    ("rgb", "matrix", "full", "bits", "codes"),
    [
        ((1, 1, 1), "bt709", False, 8, (235, 128, 128)),
        ((0, 0, 0), "bt709", False, 8, (16, 128, 128)),
        ((1, 0, 0), "bt709", False, 8, (63, 102, 240)),  # the 100 % red of BT.709 colour bars
        ((0, 0, 1), "bt709", False, 8, (32, 240, 118)),
        ((1, 0, 0), "bt601", False, 8, (81, 90, 240)),
        ((0, 1, 0), "bt601", True, 8, (150, 44, 21)),  # JFIF: 0.587·255, 128 − 0.3313·255, 128 − 0.4187·255
        ((1, 0, 0), "bt2020", False, 10, (294, 387, 960)),
        ((1, 1, 1), "bt2020", True, 10, (1023, 512, 512)),
    ],
)
def test_known_colours(rgb: tuple[float, ...], matrix: str, full: bool, bits: int, codes: tuple[int, ...]) -> None:
    picture = torch.tensor(rgb).view(1, 3, 1, 1).expand(1, 3, 4, 6).float()
    planes = rgb_to_yuv(picture, (2, 3), matrix=matrix, full_range=full, bit_depth=bits, chroma_left=True)
    assert [tuple(p.shape) for p in planes] == [(4, 6), (2, 3), (2, 3)]
    assert tuple(int(p.flatten()[0]) for p in planes) == codes
    back = yuv_to_rgb(*planes, matrix=matrix, full_range=full, bit_depth=bits, chroma_left=True)
    assert (back - picture).abs().max() < 1.5 / 219  # rounding of three planes to 8 bits


@pytest.mark.parametrize("shape", [(16, 16), (16, 8), (8, 8)])
@pytest.mark.parametrize("left", [True, False])
def test_round_trip_of_smooth_colours(shape: tuple[int, int], left: bool) -> None:
    slope = torch.linspace(0, 1, 16)
    rgb = torch.stack([slope.expand(16, 16), slope.expand(16, 16).mT, 0.5 * slope.expand(16, 16).flip(1)])[None]
    planes = rgb_to_yuv(rgb, shape, matrix="bt709", full_range=True, bit_depth=10, chroma_left=left)
    back = yuv_to_rgb(*planes, matrix="bt709", full_range=True, bit_depth=10, chroma_left=left)
    # 10-bit rounding only, but for the picture's rim, where subsampled chroma has nothing to lean on
    assert (back - rgb)[..., 2:-2, 2:-2].abs().max() < 3 / 1023


@pytest.mark.parametrize("size", [(1, 1), (5, 7), (6, 7), (3, 2)])
@pytest.mark.parametrize("left", [True, False])
def test_odd_sizes_and_flat_colour(size: tuple[int, int], left: bool) -> None:
    half = ((size[0] + 1) // 2, (size[1] + 1) // 2)
    y, u, v = torch.full(size, 100), torch.full(half, 90), torch.full(half, 160)
    options = {**BT709, "chroma_left": left}
    rgb = yuv_to_rgb(y, u, v, **options)
    assert rgb.shape == (1, 3, *size)
    for plane, wanted in zip(rgb_to_yuv(rgb, half, **options), (y, u, v), strict=True):
        assert torch.equal(plane, wanted.int())


def test_grey() -> None:
    rgb = yuv_to_rgb(torch.tensor([[16, 235]]), None, None, **BT709)
    assert torch.equal(rgb[0, :, 0], torch.tensor([[0.0, 1.0]] * 3))
    assert [p.tolist() for p in rgb_to_yuv(rgb, None, **BT709)] == [[[16, 235]]]


def test_siting_against_linear_interpolation() -> None:
    """Chroma of a ramp must land where its samples lie: on column 2k (left) or at 2k + ½ (centre)."""
    for left, start in ((True, 0.0), (False, 0.5)):
        sites = np.arange(8) * 2 + start
        chroma = torch.from_numpy(sites).float().expand(2, 8, 8)
        full = upsample_chroma(chroma, (8, 16), chroma_left=left)
        wanted = np.clip(np.arange(16), sites[0], sites[-1])
        np.testing.assert_allclose(full[0, 0].numpy(), wanted, atol=1e-5)
        back = downsample_chroma(torch.arange(16.0).expand(2, 8, 16), (8, 8), chroma_left=left)
        np.testing.assert_allclose(back[0, 0, 1:].numpy(), sites[1:], atol=1e-5)


def test_refuses_unknown_matrix_and_shapes() -> None:
    y = torch.zeros(8, 8)
    with pytest.raises(ModelError, match="accepted are bt601, bt709, bt2020"):
        yuv_to_rgb(y, y, y, **{**BT709, "matrix": "ycgco"})
    with pytest.raises(ModelError, match="fit no subsampling"):
        yuv_to_rgb(y, torch.zeros(2, 2), torch.zeros(2, 2), **BT709)
