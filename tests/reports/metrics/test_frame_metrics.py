"""The metrics are what they are called, the same for any strides and strip height, within bounds."""

import math

import numpy as np
import pytest
from hypothesis import settings
from skimage import data
from vidsharp.reports.metrics import frame_metrics as metrics
from vidsharp.reports.metrics.frame_metrics import change, psnr, sharpness
from vidsharp.reports.metrics.ssim import ssim

from tests.reports.hard_planes import KINDS, pair, strips


@strips
@settings(max_examples=60, deadline=None)
def test_the_height_of_strips_changes_nothing(
    kind: str, height: int, width: int, bit_depth: int, rows: int, seed: int
) -> None:
    x, y = pair(kind, height, width, bit_depth, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "ROWS", rows)
        found = [psnr(x, y, bit_depth), change(x, y, bit_depth), sharpness(x, bit_depth)]
    assert found == [psnr(x, y, bit_depth), change(x, y, bit_depth), sharpness(x, bit_depth)]


@pytest.mark.parametrize("bit_depth", [8, 10, 16])
def test_psnr_change_and_sharpness_are_what_they_are_called(bit_depth: int) -> None:
    x, y = pair("noise", 131, 77, bit_depth)
    a, b, step = x.astype(np.float64), y.astype(np.float64), 2.0 ** (bit_depth - 8)
    edges = a[:-2, 1:-1] + a[2:, 1:-1] + a[1:-1, :-2] + a[1:-1, 2:] - 4 * a[1:-1, 1:-1]
    white = 2**bit_depth - 1
    assert psnr(x, y, bit_depth) == pytest.approx(10 * math.log10(white**2 / np.mean((a - b) ** 2)))
    assert change(x, y, bit_depth) == pytest.approx(np.mean(np.abs(a - b)) / step)
    assert sharpness(x, bit_depth) == pytest.approx(np.var(edges / step))


@pytest.mark.parametrize("bit_depth", [8, 10])
def test_planes_of_any_strides_are_read_and_left_alone(bit_depth: int) -> None:
    x, y = pair("noise", 90, 70, bit_depth)
    wide, reverse, transposed = np.zeros((90, 128), x.dtype), x[::-1, ::-1].copy(), x.T.copy()
    wide[:, 5:75] = x
    y.flags.writeable = False
    for view in (wide[:, 5:75], reverse[::-1, ::-1], transposed.T):
        view.flags.writeable = False
        assert not view.flags.c_contiguous
        assert [f(view, y, bit_depth) for f in (ssim, psnr, change)] == [
            f(x, y, bit_depth) for f in (ssim, psnr, change)
        ]
        assert sharpness(view, bit_depth) == sharpness(x, bit_depth)
        assert np.array_equal(view, x)


@pytest.mark.parametrize("bit_depth", [8, 10, 16])
@pytest.mark.parametrize("kind", KINDS)
def test_bounds(kind: str, bit_depth: int) -> None:
    x, y = pair(kind, 80, 50, bit_depth)
    assert ssim(x, x, bit_depth) == 1
    likeness = ssim(x, y, bit_depth)
    # A step of 16 bits takes less from 1 than float32 has digits for.
    assert -1 <= likeness < 1 or (likeness == 1 and bit_depth == 16 and kind in ("near", "off by one"))
    assert ssim(x, y, bit_depth) == ssim(y, x, bit_depth)
    assert psnr(x, x, bit_depth) == 6 * bit_depth + 12
    assert 0 <= psnr(x, y, bit_depth) == psnr(y, x, bit_depth) <= 6 * bit_depth + 12
    assert change(x, x, bit_depth) == 0
    assert change(x, y, bit_depth) == change(y, x, bit_depth) > 0
    assert sharpness(x, bit_depth) >= 0


def test_a_single_step_in_a_large_frame_is_capped_too() -> None:
    x = np.zeros((400, 400), np.uint8)
    y = x.copy()
    y[3, 3] = 1
    assert psnr(x, y, 8) == 60


def test_flat_frames_and_slopes_have_no_sharpness() -> None:
    slope = np.add.outer(np.arange(60), 2 * np.arange(70)).astype(np.uint8)
    assert sharpness(np.full((60, 70), 255, np.uint8), 8) == 0
    assert sharpness(slope, 8) == 0


def test_sharpness_rises_with_sharpening_and_with_noise_and_falls_with_blur() -> None:
    photo = data.camera()[100:260, 150:350].astype(np.float64)
    blurred = (photo + sum(np.roll(photo, way, axis) for way in (-1, 1) for axis in (0, 1))) / 5
    noisy = photo + np.random.default_rng(0).normal(0, 3, photo.shape)
    figures = [
        sharpness(np.clip(frame, 0, 255).round().astype(np.uint8), 8)
        for frame in (blurred, photo, photo + 0.5 * (photo - blurred))
    ]
    assert figures == sorted(figures)
    assert figures[0] < figures[1] < figures[2]
    assert sharpness(np.clip(noisy, 0, 255).round().astype(np.uint8), 8) > figures[1]


@pytest.mark.parametrize("bit_depth", [10, 12, 16])
def test_sharpness_and_change_are_in_8_bit_steps_at_any_depth(bit_depth: int) -> None:
    x, y = pair("noise", 40, 50, 8)
    deep_x, deep_y = (plane * np.uint16(2 ** (bit_depth - 8)) for plane in (x, y))
    assert sharpness(deep_x, bit_depth) == sharpness(x, 8)
    assert change(deep_x, deep_y, bit_depth) == change(x, y, 8)


def test_the_largest_values_do_not_overflow() -> None:
    x = np.zeros((70, 4096), np.uint16)
    x[::2, ::2] = x[1::2, 1::2] = 65535
    y = 65535 - x
    assert change(x, y, 16) == 65535 / 256
    assert psnr(x, y, 16) == 0
    assert sharpness(x, 16) == pytest.approx((4 * 65535 / 256) ** 2)


def test_planes_that_are_too_small_or_do_not_match_are_named() -> None:
    small, tiny, empty = (np.zeros(size, np.uint8) for size in ((10, 40), (9, 2), (0, 40)))
    with pytest.raises(ValueError, match="SSIM needs at least 11×11 px, and the frame has 40×10"):
        ssim(small, small, 8)
    with pytest.raises(ValueError, match="Sharpness needs at least 3×3 px, and the frame has 2×9"):
        sharpness(tiny, 8)
    for f in (ssim, psnr, change):
        with pytest.raises(ValueError, match="of one size, not 40×10 with 2×9"):
            f(small, tiny, 8)
        with pytest.raises(ValueError, match="at least"):
            f(empty, empty, 8)
