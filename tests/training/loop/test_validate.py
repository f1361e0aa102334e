"""Gains over doing nothing: zero for doing nothing, by level, of all sources, on the middle of large pictures."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from torch import nn
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.training.data.crop_cache import CropCache
from vidsharp.training.data.image_pairs import ImagePairs, open_image_pairs
from vidsharp.training.data.pair_set import Domain, Window
from vidsharp.training.loop.validate import LARGEST_PX, gains_over_identity, whole_window

from tests.support import crops
from tests.support.crops import Unequal
from tests.support.students import random_student
from tests.training.data.test_image_pairs import add_pair

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
    watched = Watched(pairs)
    ((_, gain),) = [kind for kind in gains_over_identity(student, watched, "luma", 1).items() if kind[0] != "all"]
    soft, sharp = pairs.patch(watched.looked_at[0], "luma", WHOLE)
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


class Watched:
    """A `PairSet` that notes which pairs are looked at."""

    def __init__(self, pairs: CropCache | ImagePairs) -> None:
        self.pairs, self.levels, self.sources = pairs, pairs.levels, pairs.sources
        self.size, self.filmed = pairs.size, pairs.filmed
        self.looked_at: list[int] = []

    def patch(self, index: int, domain: Domain, window: Window) -> tuple[torch.Tensor, torch.Tensor]:
        self.looked_at.append(index)
        return self.pairs.patch(index, domain, window)


class Sharpener(nn.Module):
    """Gives the pictures that it was told."""

    looks = 1

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


def test_every_scene_is_looked_at_though_they_lie_in_order_of_their_names(tmp_path: Path) -> None:
    """As GOPRO's do: its first pairs are all of one scene. The choice stays, or gains could not be compared."""
    for sequence in range(10):
        for number in range(8):
            add_pair(tmp_path / "train" / f"GOPR{sequence:04}", f"{number:06}.png", seed=100 * sequence + number)
    scenes = Watched(open_image_pairs(tmp_path, "val", validation_share=0.5))
    gains_over_identity(BlendStudent(), scenes, "luma", 7)
    counts = Counter(scenes.sources[index] for index in scenes.looked_at)
    assert sorted(counts.values()) == [1, 1, 1, 2, 2]
    again = Watched(scenes.pairs)  # type: ignore[arg-type]
    gains_over_identity(BlendStudent(), again, "luma", 7)
    assert again.looked_at == scenes.looked_at
    assert len(set(scenes.looked_at)) == 7
    within = {index % 8 for index in scenes.looked_at}
    assert len(within) > 2, "and not the first of each scene: a scene begins as it does not go on"


def test_levels_take_turns_too(tmp_path: Path) -> None:
    """Three sources of four crops each in one level, and one in the other, which all come before it."""
    cache = crops.open_both(crops.write_cache(tmp_path, val=15))[1]
    levels = ["light"] * 12 + ["heavy"] * 3
    watched = Watched(CropCache(cache.folder, "val", cache.soft, cache.sharp, levels, cache.sources))
    gains = gains_over_identity(BlendStudent(), watched, "luma", 6)
    assert gains.keys() == {"all", "heavy", "light"}
    assert gains["heavy"].crops in (2, 3)
    assert Counter(cache.sources[index] for index in watched.looked_at) == {"val0": 2, "val1": 2, "val2": 2}


@pytest.mark.parametrize("size", [(20, 30), (LARGEST_PX, 700), (720, 1281), (600, 40)])
def test_large_pictures_are_measured_in_the_middle(size: tuple[int, int]) -> None:
    window = whole_window(Unequal(size), 0)
    assert (window.height, window.width) == (min(size[0], LARGEST_PX), min(size[1], LARGEST_PX))
    below, right = size[0] - window.top - window.height, size[1] - window.left - window.width
    assert abs(window.top - below) <= 1
    assert abs(window.left - right) <= 1
    assert window.turn(picture := torch.rand(1, 2, 3)) is picture
