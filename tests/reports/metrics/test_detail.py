"""Sums of detail: nothing of flat pictures, all of the original's own, and no credit for noise."""

import numpy as np
import pytest
from vidsharp.reports.metrics.detail import Detail, detail, detail_band

DICE = np.random.default_rng(3)
SHARP = DICE.integers(16, 236, (40, 56)).astype(np.uint8)


def test_the_band_is_the_picture_less_the_binomial_mean() -> None:
    taps = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]) / 256
    y, x = 17, 30
    around = SHARP[y - 2 : y + 3, x - 2 : x + 3].astype(float)
    assert detail_band(SHARP)[y, x] == pytest.approx(SHARP[y, x] - (taps * around).sum(), abs=1e-4)
    ramp = np.tile(np.arange(0, 200, 4, dtype=np.uint8), (30, 1))
    assert np.abs(detail_band(ramp)[:, 3:-3]).max() < 1e-3
    assert np.abs(detail_band(np.full((9, 9), 77, np.uint8))).max() < 1e-4


def test_an_original_has_all_of_its_detail_at_once() -> None:
    band = detail_band(SHARP)
    found = detail(band, band)
    assert found.product == found.out == found.sharp > 0
    assert detail(0 * band, band) == Detail(0, 0, found.sharp)
    assert detail(2 * band, band) == Detail(2 * found.sharp, 4 * found.sharp, found.sharp)


def test_noise_raises_the_energy_and_not_what_is_kept() -> None:
    soft = 0.3 * SHARP.astype(np.float32)
    noisy = soft + DICE.normal(0, 40, SHARP.shape)
    band = detail_band(SHARP)
    plain, gamed = detail(detail_band(soft), band), detail(detail_band(noisy), band)
    assert gamed.out > 2 * plain.out
    assert gamed.product == pytest.approx(plain.product, rel=0.2)
