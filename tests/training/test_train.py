"""Training: resumed equals uninterrupted, recipes and data are checked before any work."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch
from skimage import data
from vidsharp.models.catalogue import load_student
from vidsharp.models.errors import CheckpointError
from vidsharp.models.reference import ReferenceStudent
from vidsharp.training.data import DataError, batch, open_cache, patch
from vidsharp.training.passthrough import start_as_identity
from vidsharp.training.recipe import Recipe, RecipeError, read_recipe
from vidsharp.training.train import learning_rate, run

FAST = Recipe(
    model="fast", steps=6, batch=2, patch_px=32, learning_rate=1e-3, warmup_steps=2, validate_every=3, width=8
)
REFERENCE = replace(FAST, model="reference", patch_px=16)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Four crops per split: noise, and the same a little off."""
    dice = np.random.default_rng(0)
    for split in ("train", "val"):
        sharp = dice.integers(20, 230, (4, 384, 256)).astype(np.uint8)
        np.save(tmp_path / f"{split}_sharp.npy", sharp)
        np.save(tmp_path / f"{split}_soft.npy", sharp // 2 + 60)
        (tmp_path / f"{split}.json").write_text(json.dumps([{"level": "light", "source": "noise"}] * 4))
    return tmp_path


@pytest.mark.parametrize("recipe", [FAST, REFERENCE], ids=["fast", "reference"])
def test_resumed_equals_uninterrupted(cache: Path, recipe: Recipe) -> None:
    whole = run(recipe, cache, cache / "whole")
    run(recipe, cache, cache / "parts", stop_after=3)
    parts = run(recipe, cache, cache / "parts", resume=True)
    assert whole.step == parts.step == recipe.steps
    for kind in ("model", "average"):
        first, second = getattr(whole, kind).state_dict(), getattr(parts, kind).state_dict()
        for name in first:
            assert torch.equal(first[name], second[name]), name
    trained = load_student(cache / "whole" / "weights.safetensors").net.state_dict()
    checkpoint = load_student(cache / "whole" / "checkpoint.pt").net.state_dict()
    for name, value in whole.average.state_dict().items():
        assert torch.equal(trained[name], value)
        assert torch.equal(checkpoint[name], value)
    assert len((cache / "whole" / "log.csv").read_text().splitlines()) == 1 + 2 * 2


def test_training_lowers_the_loss(cache: Path) -> None:
    recipe = replace(FAST, steps=60, learning_rate=5e-3, validate_every=60)
    gains = run(recipe, cache, cache / "out").validate()
    assert gains["all"].psnr_db > 0.3


def test_refuses_to_mix_runs(cache: Path) -> None:
    run(replace(FAST, steps=1), cache, cache / "out")
    with pytest.raises(CheckpointError, match="use --resume"):
        run(FAST, cache, cache / "out")
    with pytest.raises(CheckpointError, match="another recipe"):
        run(FAST, cache, cache / "out", resume=True)
    with pytest.raises(CheckpointError, match="no checkpoint"):
        run(FAST, cache, cache / "empty", resume=True)


def test_missing_and_unequal_data(cache: Path) -> None:
    with pytest.raises(DataError, match="holds no 'train' pairs"):
        open_cache(cache / "nowhere", "train")
    np.save(cache / "val_soft.npy", np.zeros((3, 384, 256), np.uint8))
    with pytest.raises(DataError, match="3 soft and 4 sharp"):
        open_cache(cache, "val")


def test_batches_repeat_and_differ(cache: Path) -> None:
    pairs = open_cache(cache, "train")
    domains: list[tuple[Literal["luma", "rgb"], int]] = [("luma", 1), ("rgb", 3)]
    for domain, planes in domains:
        soft, sharp = batch(pairs, domain, 31, 5, seed=1, step=7)
        assert soft.shape == sharp.shape == (5, planes, 31, 31)
        assert torch.equal(soft, batch(pairs, domain, 31, 5, seed=1, step=7)[0])
        assert not torch.equal(soft, batch(pairs, domain, 31, 5, seed=1, step=8)[0])
        # flips and offsets are the same on both sides of a pair: brighter pixels stay brighter
        assert torch.corrcoef(torch.stack([soft[0, 0].flatten(), sharp[0, 0].flatten()]))[0, 1] > 0.9


@pytest.mark.parametrize(("top", "left"), [(0, 0), (3, 8), (225, 225), (224, 7)])
def test_rgb_patches_are_windows_of_the_whole(cache: Path, top: int, left: int) -> None:
    crop = np.zeros((384, 256), np.uint8)
    crop[:256] = np.arange(256)[None, :] // 2 + np.arange(256)[:, None] // 4 + 16
    crop[256:] = 128
    whole = patch(crop, "rgb", 0, 0, 256)
    torch.testing.assert_close(patch(crop, "rgb", top, left, 31), whole[:, top : top + 31, left : left + 31])


def test_passthrough_is_nearly_the_identity() -> None:
    torch.manual_seed(0)
    student = ReferenceStudent()
    start_as_identity(student)
    x = torch.from_numpy(data.astronaut()[:96, :96].copy()).permute(2, 0, 1)[None].float() / 255
    with torch.inference_mode():
        error = student(x)[0] - x
    assert float(error.square().mean().sqrt()) < 1 / 255
    assert float(error.abs().max()) < 3 / 255


def test_learning_rate_rises_and_falls() -> None:
    recipe = replace(FAST, steps=100, warmup_steps=10)
    rates = [learning_rate(recipe, step) for step in range(101)]
    assert max(rates) == pytest.approx(recipe.learning_rate)
    assert rates[0] == pytest.approx(recipe.learning_rate / 10)
    assert rates[100] == pytest.approx(recipe.learning_rate / 100)
    assert rates[10:] == sorted(rates[10:], reverse=True)


@pytest.mark.parametrize("name", ["fast", "reference"])
def test_shipped_recipes_are_valid(name: str) -> None:
    folder = Path(__file__).parents[2] / "training" / "recipes"
    assert read_recipe(folder / f"{name}.toml").model == name


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("model = 'fast", "not valid TOML"),
        ("speed = 3", "no recipe has: speed"),
        ("model = 'fast'", "incomplete"),
        ("model = 'x'\nsteps = 1\nbatch = 1\npatch_px = 32\nlearning_rate = 1e-3", "accepted are fast and reference"),
        ("model = 'fast'\nsteps = 0\nbatch = 1\npatch_px = 32\nlearning_rate = 1e-3", "steps is 0"),
        ("model = 'fast'\nsteps = 1\nbatch = 1\npatch_px = 9\nlearning_rate = 1e-3", "accepted are 16 to 256"),
    ],
)
def test_bad_recipes(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "r.toml").write_text(text)
    with pytest.raises(RecipeError, match=says):
        read_recipe(tmp_path / "r.toml")
