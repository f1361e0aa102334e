"""The likeness of detail: largest at the original's own contrast, not to be had by noise, and the same as by scipy."""

import numpy as np
import pytest
import torch
from scipy.ndimage import convolve1d, maximum_filter, minimum_filter
from skimage import data
from torch import Tensor
from vidsharp.training.loss.detail import BINOMIAL, detail_mismatch, emphasised, laplacian_bands
from vidsharp.training.loss.filtered import filtered

PICTURE = torch.from_numpy(data.camera()[64:160, 100:220].astype(np.float32) / 255)[None, None]


@pytest.mark.parametrize("spread", [1, 2, 4])
def test_filters_equal_scipys(spread: int) -> None:
    taps = np.zeros(4 * spread + 1)
    taps[::spread] = BINOMIAL
    plane = PICTURE[0, 0].numpy().astype(np.float64)
    wanted = convolve1d(convolve1d(plane, taps, axis=0, mode="mirror"), taps, axis=1, mode="mirror")
    got = filtered(PICTURE, BINOMIAL, spread=spread)[0, 0].numpy()
    assert np.abs(got - wanted).max() < 1e-6
    inner = filtered(PICTURE, BINOMIAL, spread=spread, whole=True)[0, 0].numpy()
    reach = 2 * spread
    assert np.abs(inner - wanted[reach:-reach, reach:-reach]).max() < 1e-6


def test_bands_and_what_is_left_over_add_up_to_the_picture() -> None:
    fine, coarse = laplacian_bands(PICTURE, 2)
    left = filtered(filtered(PICTURE, BINOMIAL), BINOMIAL, spread=2)
    assert torch.allclose(fine + coarse + left, PICTURE, atol=1e-6)
    flat = laplacian_bands(torch.full_like(PICTURE, 0.3), 3)
    assert max(float(band.abs().max()) for band in flat) < 1e-6


def mismatch(x: Tensor) -> float:
    return float(detail_mismatch(x, PICTURE))


def test_the_picture_itself_has_no_mismatch_and_other_contrasts_have_more() -> None:
    blurred = filtered(PICTURE, BINOMIAL)
    contrasts = {s: mismatch(blurred + s * (PICTURE - blurred)) for s in (0.0, 0.5, 0.8, 1.0, 1.25, 2.0)}
    assert contrasts[1.0] == pytest.approx(0, abs=1e-5)
    assert contrasts[0.0] > contrasts[0.5] > contrasts[0.8] > contrasts[1.0] < contrasts[1.25] < contrasts[2.0]


def test_noise_is_no_detail() -> None:
    blurred = filtered(PICTURE, BINOMIAL, spread=2)
    noise = torch.randn(PICTURE.shape, generator=torch.Generator().manual_seed(0))
    assert mismatch(blurred + 0.03 * noise) > mismatch(blurred)


def test_uncertain_detail_is_best_shown_at_the_originals_contrast() -> None:
    """Half of the contrast is known: a squared error asks for that half, the mismatch for more of it."""
    rng = torch.Generator().manual_seed(1)
    known, unknown = (torch.randn(8, 1, 96, 96, generator=rng) * 0.05 for _ in range(2))
    picture = known + unknown
    scales = (0.5, 0.75, 1.0, 1.25, 1.5)
    by_square = min(scales, key=lambda s: float(((s * known - picture) ** 2).mean()))
    by_detail = min(scales, key=lambda s: float(detail_mismatch(s * known, picture).mean()))
    assert by_square == 1.0 < by_detail


def test_gradients_flow_and_pictures_are_judged_apart() -> None:
    pair = torch.cat([PICTURE, filtered(PICTURE, BINOMIAL)]).requires_grad_()
    each = detail_mismatch(pair, PICTURE.expand(2, -1, -1, -1))
    assert each.shape == (2,)
    assert each.detach()[0] < each.detach()[1]
    each.sum().backward()
    assert pair.grad is not None
    assert torch.isfinite(pair.grad).all()


def test_what_is_not_soft_is_not_emphasised() -> None:
    assert torch.allclose(emphasised(PICTURE, PICTURE, 3.0), PICTURE, atol=1e-6)
    assert torch.equal(emphasised(PICTURE, filtered(PICTURE, BINOMIAL), 0.0), PICTURE)


def test_lost_detail_is_emphasised_as_much_as_it_is_lost() -> None:
    energy = {}
    for spread in (1, 2):
        target = emphasised(PICTURE, filtered(PICTURE, BINOMIAL, spread=spread), 1.0)
        energy[spread] = float(laplacian_bands(target, 1)[0].square().mean())
    assert float(laplacian_bands(PICTURE, 1)[0].square().mean()) < energy[1] < energy[2]


def test_emphasis_stays_near_the_originals_own_range() -> None:
    soft, plane = filtered(PICTURE, BINOMIAL, spread=2), PICTURE[0, 0].numpy()
    low, high = minimum_filter(plane, 5, mode="nearest"), maximum_filter(plane, 5, mode="nearest")
    target, beyond = emphasised(PICTURE, soft, 4.0)[0, 0].numpy(), 0.1 * (high - low) + 1e-6
    assert (target <= high + beyond).all()
    assert (target >= low - beyond).all()
    assert (target > high).any(), "a little is allowed"


def test_a_step_gets_no_rim_of_light() -> None:
    step = torch.zeros(1, 1, 48, 48)
    step[..., 24:] = 0.5
    target = emphasised(step, filtered(step, BINOMIAL, spread=2), 3.0)
    assert float(target.max()) <= 0.55 + 1e-6
    assert float(target.min()) >= -0.05 - 1e-6
