"""SSIM: scikit-image's, by the C library and without it."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data
from skimage.metrics import structural_similarity
from vidsharp.reports.metrics import ssim as module
from vidsharp.reports.metrics.frame_metrics import Plane
from vidsharp.reports.metrics.metrics_library import library
from vidsharp.reports.metrics.ssim import _by_library, _by_numpy, ssim

from tests.reports.hard_planes import KINDS, pair, strips

each_way = pytest.mark.parametrize("way", [_by_numpy, *([_by_library] if library() else [])])


def expected(x: Plane, y: Plane, bit_depth: int) -> float:
    score = structural_similarity(
        x, y, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=2**bit_depth - 1
    )
    return float(np.asarray(score))


def mean(way: Callable[[Plane, Plane, int], float], x: Plane, y: Plane, bit_depth: int) -> float:
    return way(x, y, bit_depth) / ((x.shape[0] - 10) * (x.shape[1] - 10))


@pytest.mark.parametrize("bit_depth", [8, 10, 16])
@pytest.mark.parametrize("size", [(11, 11), (11, 40), (75, 11), (74, 82), (139, 97), (25, 1040)])
@pytest.mark.parametrize("kind", KINDS)
@each_way
def test_ssim_is_that_of_scikit_image(
    kind: str, size: tuple[int, int], bit_depth: int, way: Callable[[Plane, Plane, int], float]
) -> None:
    x, y = pair(kind, *size, bit_depth)
    assert mean(way, x, y, bit_depth) == pytest.approx(expected(x, y, bit_depth), abs=3e-5)


@each_way
def test_ssim_of_a_1080p_photo_is_that_of_scikit_image(way: Callable[[Plane, Plane, int], float]) -> None:
    photo = np.tile(data.camera(), (3, 4))[:1080, :1920]
    x = np.vstack([photo, photo])[:1080]
    y = np.clip(x + np.random.default_rng(0).normal(0, 3, x.shape), 0, 255).astype(np.uint8)
    assert x.shape == (1080, 1920)
    assert mean(way, x, y, 8) == pytest.approx(expected(x, y, 8), abs=1e-6)


@strips
@settings(max_examples=60, deadline=None)
def test_the_height_of_strips_changes_little(
    kind: str, height: int, width: int, bit_depth: int, rows: int, seed: int
) -> None:
    x, y = pair(kind, height, width, bit_depth, seed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "ROWS", rows)
        found = mean(_by_numpy, x, y, bit_depth)
    assert found == pytest.approx(expected(x, y, bit_depth), abs=3e-5)


@each_way
@given(
    kind=st.sampled_from(KINDS),
    height=st.integers(11, 40),
    width=st.integers(11, 1200),
    bit_depth=st.sampled_from([8, 10, 16]),
)
@settings(max_examples=60, deadline=None)
def test_equal_planes_have_exactly_1(
    kind: str, height: int, width: int, bit_depth: int, way: Callable[[Plane, Plane, int], float]
) -> None:
    x, _ = pair(kind, height, width, bit_depth)
    assert way(x, x.copy(), bit_depth) == (height - 10) * (width - 10)


def test_planes_of_two_types_and_of_odd_types_are_compared_by_value() -> None:
    x, y = pair("near", 40, 50, 8)
    wanted = ssim(x, y, 8)
    for other in (y.astype(np.uint16), y.astype(">u2")):
        assert ssim(x, other, 8) == pytest.approx(wanted, abs=1e-6)
        assert ssim(other, other, 8) == 1
