"""Motion blur: nothing moves, light is kept, flat stays flat, and a straight way blurs along itself only."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter, shift
from skimage import data
from vidsharp.training.data.camera_shake import GAMMA, LONGEST_PX, MARGIN_PX, Shake, draw_shake

RNG = np.random.default_rng


def photo(side: int = 96) -> torch.Tensor:
    return torch.from_numpy(data.camera()[60 : 60 + side, 200 : 200 + side] / 255).float()[None]


@given(st.integers(0, 2**32 - 1))
def test_a_way_is_as_long_as_may_be_and_its_mean_stays(seed: int) -> None:
    shake = draw_shake(RNG(seed))
    places = shake.places
    assert abs(places.mean()) < 1e-9
    assert np.abs(places).max() <= MARGIN_PX, "the margin holds what comes in"
    assert np.abs(np.diff(places)).max() < 1, "no way has gaps of a pixel"
    assert abs(shake.way) <= LONGEST_PX


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_flat_stays_flat(seed: int, level: float) -> None:
    shake = draw_shake(RNG(seed))
    flat = torch.full((1, 24, 40), round(255 * level) / 255)
    seen = Shake(shake.way, shake.beside).exposed(flat, RNG(0))
    assert seen.dtype == torch.float32
    assert torch.equal((255 * seen).round(), (255 * flat).round())


def test_light_is_kept_and_codes_are_whole() -> None:
    sharp = photo()
    seen = Shake(8 + 3j, 1j).exposed(sharp, RNG(0))
    assert torch.equal((255 * seen).round() / 255, seen)
    before, after = (float((x[..., 20:-20, 20:-20] ** GAMMA).mean()) for x in (sharp, seen))
    assert after == pytest.approx(before, rel=0.02)
    assert float((seen - sharp).abs().mean()) > 0.01


@pytest.mark.parametrize(("way", "axis"), [(9 + 0j, -1), (9j, -2)])
def test_a_straight_way_leaves_lines_along_it_alone(way: complex, axis: int) -> None:
    lines = torch.zeros(1, 48, 48)
    lines.select(-1 if axis == -2 else -2, 24).fill_(1)  # along the way
    along = Shake(way, 0j).exposed(lines, RNG(0))
    across = Shake(way, 0j).exposed(lines.mT.contiguous(), RNG(0))
    assert torch.equal(along, lines)
    assert float(across.max()) < 0.6, "its light is spread over nine pixels"


@pytest.mark.parametrize("shake", [Shake(7 + 0j, 0j), Shake(-3 + 5j, 1.2 + 0.7j), Shake(0.6 + 12j, -2 + 0j)])
def test_a_blurred_picture_is_the_mean_of_moved_ones(shake: Shake) -> None:
    """By definition, moved by splines."""
    sharp = photo()
    light = gaussian_filter(sharp[0].numpy() ** GAMMA, 0.7)  # splines and sines differ where pixels alias
    moved = [shift(light, (at.imag, at.real), order=5, mode="nearest") for at in shake.places]
    mean = np.mean(moved, axis=0).clip(0, 1) ** (1 / GAMMA)
    seen = shake.exposed(torch.from_numpy(light ** (1 / GAMMA)).float()[None], RNG(0))[0].numpy()
    inner = slice(20, -20), slice(20, -20)
    assert np.abs(seen - mean)[inner].max() < 2 / 255
    assert np.abs(seen - sharp[0].numpy())[inner].mean() > 0.02


def test_noise_is_as_strong_as_it_says() -> None:
    flat = torch.full((1, 200, 200), 0.5)
    noisy = Shake(4 + 0j, 0j, noise=2 / 255).exposed(flat, RNG(0))
    assert float(noisy.std()) * 255 == pytest.approx(2, rel=0.1)
