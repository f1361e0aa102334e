"""Gains over doing nothing: zero for doing nothing, by level, on the middle of large pictures."""

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import nn
from vidsharp.models.blend import BlendStudent
from vidsharp.training.crop_cache import CropCache
from vidsharp.training.pair_set import Window
from vidsharp.training.validate import LARGEST_PX, gains_over_identity, whole_window

from tests.models.students import random_student
from tests.training import crops
from tests.training.crops import Unequal

WHOLE = Window(0, 0, 256, 256)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> CropCache:
    return crops.open_both(crops.write_cache(tmp_path_factory.mktemp("cache"), val=5))[1]


def test_doing_nothing_gains_nothing(pairs: CropCache) -> None:
    gains = gains_over_identity(BlendStudent(), pairs, "luma", 5)
    assert {level: gain.crops for level, gain in gains.items()} == {"all": 5, "heavy": 2, "light": 3}
    for gain in gains.values():
        assert (gain.psnr_db, gain.ssim) == pytest.approx((0, 0), abs=1e-5)


def test_gains_are_the_differences_that_scikit_image_sees(pairs: CropCache) -> None:
    student = random_student()
    gain = gains_over_identity(student, pairs, "luma", 1)["light"]
    soft, sharp = pairs.patch(0, "luma", WHOLE)
    with torch.inference_mode():
        out = student(soft[None])[0].clamp(0, 1)
    before, after, wanted = (x[0].double().numpy() for x in (soft, out, sharp))
    psnrs = [peak_signal_noise_ratio(wanted, x, data_range=1) for x in (after, before)]

    def ssim(x: np.ndarray) -> float:
        how = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
        score = structural_similarity(wanted, x, data_range=1, **how)
        assert isinstance(score, float)
        return score

    # Ours are float32.
    assert gain.psnr_db == pytest.approx(psnrs[0] - psnrs[1], abs=1e-3)
    assert gain.ssim == pytest.approx(ssim(after) - ssim(before), abs=1e-4)
    assert abs(gain.psnr_db) > 0.1


class Sharpener(nn.Module):
    """Gives the pictures that it was told."""

    def __init__(self, pairs: CropCache) -> None:
        super().__init__()
        self.sharp = iter([pairs.patch(i, "rgb", WHOLE)[1][None] for i in range(len(pairs.levels))])

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, None]:
        return next(self.sharp), None


def test_a_perfect_student_gains_all_there_is_and_all_is_the_mean_of_pairs(pairs: CropCache) -> None:
    gains = gains_over_identity(Sharpener(pairs), pairs, "rgb", 5)
    assert all(gain.psnr_db > 5 and gain.ssim > 0.01 for gain in gains.values())
    mean = (3 * gains["light"].psnr_db + 2 * gains["heavy"].psnr_db) / 5
    assert gains["all"].psnr_db == pytest.approx(mean)


def test_most_limits_the_pairs(pairs: CropCache) -> None:
    gains = gains_over_identity(BlendStudent(), pairs, "luma", 2)
    assert {level: gain.crops for level, gain in gains.items()} == {"all": 2, "heavy": 1, "light": 1}
    assert gains_over_identity(BlendStudent(), pairs, "luma", 99)["all"].crops == 5


@pytest.mark.parametrize("size", [(20, 30), (LARGEST_PX, 700), (720, 1281), (600, 40)])
def test_large_pictures_are_measured_in_the_middle(size: tuple[int, int]) -> None:
    window = whole_window(Unequal(size), 0)
    assert (window.height, window.width) == (min(size[0], LARGEST_PX), min(size[1], LARGEST_PX))
    below, right = size[0] - window.top - window.height, size[1] - window.left - window.width
    assert abs(window.top - below) <= 1
    assert abs(window.left - right) <= 1
    assert window.turn(picture := torch.rand(1, 2, 3)) is picture
