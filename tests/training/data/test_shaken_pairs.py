"""Shaken pairs: the sharp picture stays, its blur has what was around the window, and a look does not change them."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from vidsharp.training.data.crop_cache import CropCache
from vidsharp.training.data.pair_set import Window
from vidsharp.training.data.shaken_pairs import SHAKEN, ShakenPairs, shaken_patch
from vidsharp.training.loop.train import Places, train

from tests.support import crops
from tests.support.crops import BLEND, Filmed

WHOLE = Window(0, 0, 256, 256)


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> CropCache:
    return crops.open_both(crops.write_cache(tmp_path_factory.mktemp("cache")))[0]


@pytest.mark.parametrize("window", [Window(100, 90, 64, 64, True, False, True), Window(0, 200, 40, 56, upended=True)])
def test_what_comes_in_has_been_around_the_window(pairs: CropCache, window: Window) -> None:
    """A part of a whole picture's blur, not the blur of a part; but for the noise, up to three codes or four."""
    soft, sharp = shaken_patch(pairs, 0, "luma", window, np.random.default_rng(7))
    whole, _ = shaken_patch(pairs, 0, "luma", WHOLE, np.random.default_rng(7))
    cut = whole[:, window.top : window.top + window.height, window.left : window.left + window.width]
    assert float((soft - window.turn(cut)).abs().max()) < 8 / 255
    assert torch.equal(sharp, pairs.patch(0, "luma", window)[1])
    assert not torch.equal(soft, sharp)


def test_a_set_of_them_is_what_a_camera_saw_and_stays_the_same(pairs: CropCache) -> None:
    shaken = ShakenPairs(Filmed(pairs, {0, 2}))
    count = len(pairs.levels) - 2
    assert (list(shaken.levels), len(shaken.sources)) == ([SHAKEN] * count, count)
    assert shaken.sources[0] == pairs.sources[1]
    assert shaken.size(0) == pairs.size(1)
    once, again = (shaken.patch(0, "luma", WHOLE) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(once, again, strict=True))
    assert torch.equal(once[1], pairs.patch(1, "luma", WHOLE)[1])
    assert not torch.equal(once[0], shaken.patch(1, "luma", WHOLE)[0])


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_training_that_shakes_says_what_it_gains_on_shaken_pictures(
    share: float, pairs: CropCache, tmp_path: Path
) -> None:
    train(replace(BLEND, shaken=share), Places(tmp_path / "run"), (pairs, pairs))
    levels = {line.split(",")[1] for line in (tmp_path / "run" / "validation.csv").read_text().splitlines()[1:]}
    assert levels == {"all", "light", "heavy", *([SHAKEN] if share else [])}


def test_where_a_camera_saw_nothing_to_validate_on_there_is_nothing_to_shake(pairs: CropCache, tmp_path: Path) -> None:
    screens = Filmed(pairs, set(range(len(pairs.levels))))
    train(replace(BLEND, shaken=0.5), Places(tmp_path / "run"), (pairs, screens))
    assert SHAKEN not in (tmp_path / "run" / "validation.csv").read_text()
