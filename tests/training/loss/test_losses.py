"""SSIM and PSNR against scikit-image."""

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from vidsharp.reports.metrics.ssim import ssim as ssim_of_planes
from vidsharp.training.loss.losses import (
    charbonnier,
    dissimilarity,
    fair_weights,
    l1,
    luma,
    psnr,
    relative_dissimilarity,
    relative_error,
    squared_error,
    ssim,
)


@pytest.mark.parametrize("size", [(11, 11), (40, 57)])
def test_ssim_equals_scikit_image(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    a = rng.random(size)
    b = np.clip(a + 0.1 * rng.standard_normal(size), 0, 1)
    ours = ssim(torch.from_numpy(a)[None, None], torch.from_numpy(b)[None, None])
    theirs = structural_similarity(a, b, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
    assert float(ours) == pytest.approx(theirs, abs=1e-10)


def test_ssim_on_tensors_is_that_of_the_report() -> None:
    draw = np.random.default_rng(0)
    a = draw.integers(0, 256, (40, 57)).astype(np.uint8)
    b = np.clip(a + draw.normal(0, 20, a.shape), 0, 255).astype(np.uint8)
    x, y = (torch.from_numpy(codes.astype(np.float64))[None, None] for codes in (a, b))
    assert float(ssim(x, y, 255.0)) == pytest.approx(ssim_of_planes(a, b, 8), abs=1e-6)


def test_psnr_equals_scikit_image_and_is_capped() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.random((20, 20)), rng.random((20, 20))
    x, y = (torch.from_numpy(p)[None, None] for p in (a, b))
    assert float(psnr(x, y)) == pytest.approx(peak_signal_noise_ratio(a, b, data_range=1))
    assert float(psnr(x, x)) == pytest.approx(60)


def test_charbonnier_is_nearly_l1() -> None:
    x, y = torch.zeros(1, 4), torch.tensor([[0.5, -0.5, 1.0, 0.0]])
    assert charbonnier(x, y).tolist() == pytest.approx([0.5], abs=1e-3)


def test_l1_is_one_number_for_each_picture() -> None:
    x, y = torch.zeros(2, 1, 1, 2), torch.tensor([[0.5, -0.5], [1.0, 0.0]]).view(2, 1, 1, 2)
    assert l1(x, y).tolist() == [0.5, 0.5]
    assert l1(x[:1], y[:1]).tolist() == [0.5]
    assert charbonnier(x, y).shape == ssim(torch.rand(2, 1, 11, 11), torch.rand(2, 1, 11, 11)).shape == (2,)


def test_fair_weights_favour_pairs_that_differ_little() -> None:
    sharp = torch.tensor([0.0, 0.01, 0.07]).view(3, 1, 1, 1).expand(3, 1, 4, 4)
    assert fair_weights(torch.zeros(3, 1, 4, 4), sharp, 0.01).tolist() == pytest.approx([1, 0.5, 0.125])


def test_luma_of_grey_is_grey_and_luma_stays() -> None:
    grey = torch.rand(2, 1, 4, 5)
    torch.testing.assert_close(luma(grey.expand(-1, 3, -1, -1)), grey)
    assert luma(grey) is grey
    colours = torch.eye(3).view(3, 3, 1, 1)
    assert luma(colours).flatten().tolist() == pytest.approx([0.299, 0.587, 0.114])


def test_relative_error_is_one_where_nothing_is_gained_and_falls_with_decibels() -> None:
    rng = torch.Generator().manual_seed(0)
    sharp = torch.rand(2, 1, 32, 32, generator=rng)
    noise = torch.randn(2, 1, 32, 32, generator=rng) * torch.tensor([0.02, 0.2]).view(2, 1, 1, 1)
    given = squared_error(sharp + noise, sharp)
    nothing = relative_error(sharp + noise, sharp, given)
    assert torch.allclose(nothing, torch.ones(2), atol=0.1)
    halved = relative_error(sharp + noise / 2, sharp, given)
    assert torch.allclose(halved / nothing, torch.full((2,), 0.25)), "6 dB, on good pictures and bad ones alike"


def test_what_is_broken_of_a_good_picture_counts_much() -> None:
    sharp = torch.full((1, 1, 16, 16), 0.5)
    good, soft = torch.zeros(1), torch.full((1,), 0.02**2)
    broken = sharp + 2 / 255
    assert float(relative_error(broken, sharp, good)) > 5 * float(relative_error(broken, sharp, soft))
    assert float(relative_error(sharp, sharp, good)) == 0


def test_relative_dissimilarity_is_one_where_nothing_is_gained_and_guards_good_pictures() -> None:
    rng = torch.Generator().manual_seed(0)
    sharp = torch.rand(2, 1, 32, 32, generator=rng)
    soft = sharp + torch.randn(2, 1, 32, 32, generator=rng) * torch.tensor([0.005, 0.3]).view(2, 1, 1, 1)
    given = ssim(soft, sharp)
    nothing = relative_dissimilarity(soft, sharp, given)
    assert float(nothing[1]) == pytest.approx(1, abs=0.1)
    assert float(nothing[0]) < 0.2, "what is good already is as good as perfect"
    broken = sharp + 0.05 * torch.randn(sharp.shape, generator=rng)
    lost = dissimilarity(broken, sharp)
    assert float(lost[0] / lost[1]) == pytest.approx(1, abs=0.3)
    relative = relative_dissimilarity(broken, sharp, given)
    assert float(relative[0]) > 5 * float(relative[1])
