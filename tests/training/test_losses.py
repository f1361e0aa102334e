"""SSIM and PSNR against scikit-image."""

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from vidsharp.training.losses import charbonnier, fair_weights, psnr, ssim


@pytest.mark.parametrize("size", [(11, 11), (40, 57)])
def test_ssim_equals_scikit_image(size: tuple[int, int]) -> None:
    dice = np.random.default_rng(0)
    a = dice.random(size)
    b = np.clip(a + 0.1 * dice.standard_normal(size), 0, 1)
    ours = ssim(torch.from_numpy(a)[None, None], torch.from_numpy(b)[None, None])
    theirs = structural_similarity(a, b, data_range=1, gaussian_weights=True, sigma=1.5, use_sample_covariance=False)
    assert float(ours) == pytest.approx(theirs, abs=1e-10)


def test_psnr_equals_scikit_image_and_is_capped() -> None:
    dice = np.random.default_rng(0)
    a, b = dice.random((20, 20)), dice.random((20, 20))
    x, y = (torch.from_numpy(p)[None, None] for p in (a, b))
    assert float(psnr(x, y)) == pytest.approx(peak_signal_noise_ratio(a, b, data_range=1))
    assert float(psnr(x, x)) == pytest.approx(60)


def test_charbonnier_is_nearly_l1() -> None:
    x, y = torch.zeros(1, 4), torch.tensor([[0.5, -0.5, 1.0, 0.0]])
    assert charbonnier(x, y).tolist() == pytest.approx([0.5], abs=1e-3)


def test_fair_weights_favour_pairs_that_differ_little() -> None:
    weights = fair_weights(
        torch.zeros(2, 1, 4, 4), torch.tensor([0.01, 0.07]).view(2, 1, 1, 1).expand(2, 1, 4, 4), 0.01
    )
    assert weights.tolist() == pytest.approx([1.6, 0.4])
