"""Losses and metrics on tensors: L1 and Charbonnier, and the SSIM of Wang et al. 2004."""

import torch
from torch import Tensor

from ...reports.metrics.ssim import constants, window_line
from .filtered import filtered

GOOD = 1.5 / 255
"""Root of the squared error of a picture that is good."""
GOOD_SSIM = 0.99
"""SSIM of a picture that is good."""


def charbonnier(x: Tensor, y: Tensor, epsilon: float = 1e-3) -> Tensor:
    """√((x − y)² + ε²), a smooth L1 (Charbonnier et al., ICIP 1994): float [N], means over each picture of [N, …]."""
    return ((x - y) ** 2 + epsilon**2).sqrt().flatten(1).mean(dim=1)


def l1(x: Tensor, y: Tensor) -> Tensor:
    """Mean absolute difference: float [N], means over each picture of [N, …]."""
    return (x - y).abs().flatten(1).mean(dim=1)


def relative_error(x: Tensor, y: Tensor, given: Tensor, good: float = GOOD) -> Tensor:
    """Squared error over that of the picture that was given: float [N], 1 where nothing was gained; all float [N, …].

    Its mean goes down with decibels gained, whatever they are gained on. A median, which absolute differences lead to,
    leaves alone what is probably right and shies from the rest.

    Args:
        given: `squared_error` of what was given.
        good: a picture whose error has a smaller root needs no repair, and what is broken of it counts much.
    """
    return squared_error(x, y) / (given + good**2)


def dissimilarity(x: Tensor, y: Tensor) -> Tensor:
    """1 − SSIM: float [N] in 0..2, of pictures as `ssim` takes them."""
    return 1 - ssim(x, y)


def relative_dissimilarity(x: Tensor, y: Tensor, given: Tensor) -> Tensor:
    """1 − SSIM over that of the picture that was given: float [N], 1 where nothing was gained; as `relative_error`.

    Args:
        given: `ssim` of what was given, float [N].
    """
    return dissimilarity(x, y) / (1 - given + 1 - GOOD_SSIM)


def squared_error(x: Tensor, y: Tensor) -> Tensor:
    """Mean squared difference: float [N], means over each picture of [N, …]."""
    return ((x - y) ** 2).flatten(1).mean(dim=1)


def fair_weights(soft: Tensor, sharp: Tensor, floor: float) -> Tensor:
    """Weights [N] in 0..1 for pairs [N, …], larger for pairs that differ little: floor / (their L1 distance + floor).

    Without them, a few pairs that are past saving rule the loss, and pictures that are good already count for nothing.
    """
    return floor / ((soft - sharp).abs().flatten(1).mean(dim=1) + floor)


def ssim(x: Tensor, y: Tensor, data_range: float = 1.0) -> Tensor:
    """Structural similarity, Wang et al., IEEE TIP 13(4), 2004: Gaussian 11×11 window, σ 1.5, population covariance.

    Args:
        x, y: float [N, C, H, W] with H, W ≥ 11.
        data_range: white minus black.

    Returns:
        Float [N]: means over all places where the window lies wholly inside, which is also what scikit-image averages
        with `gaussian_weights=True, sigma=1.5, use_sample_covariance=False`.
    """
    c1, c2 = constants(data_range)
    n = len(x)
    maps = filtered(torch.stack([x, y, x * x, y * y, x * y]), tuple(window_line().tolist()), whole=True)
    mx, my, xx, yy, xy = maps.reshape(5, n, -1)
    covariance = xy - mx * my
    variances = xx - mx * mx + yy - my * my
    score = ((2 * mx * my + c1) * (2 * covariance + c2)) / ((mx * mx + my * my + c1) * (variances + c2))
    return score.mean(dim=1)


def psnr(x: Tensor, y: Tensor, data_range: float = 1.0) -> Tensor:
    """Peak signal-to-noise ratio in dB of float [N, …], one for each of N; at most 60, so that pictures that are
    already identical, or nearly so, do not rule a mean.
    """
    error = squared_error(x, y)
    return 10 * torch.log10(data_range**2 / error.clamp_min(data_range**2 * 1e-6))


def luma(x: Tensor) -> Tensor:
    """[N, 1, H, W] of luma, which stays, or of RGB (ITU-R BT.601 weights)."""
    if x.shape[1] == 1:
        return x
    return (x * x.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)
