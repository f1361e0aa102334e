"""Recipes: those that ship are valid, and what none has is refused with what is accepted."""

from dataclasses import fields, replace
from pathlib import Path

import pytest
import torch
from vidsharp.models.nets.catalogue import new_network
from vidsharp.models.nets.networks import NETWORKS
from vidsharp.models.nets.protocol import forward
from vidsharp.training.errors import RecipeError
from vidsharp.training.recipe import Recipe, read_recipe, recipe_names

from tests.support.crops import BLEND

LOOKS = "[size]\nlooks = 2\n[crisp]\n"
LEAST = "network = 'blend'\nsteps = 1\nbatch = 1\npatch_px = 32\nlearning_rate = 1e-3\n"


@pytest.mark.parametrize("name", recipe_names())
def test_shipped_recipes_are_valid_and_their_networks_can_be_built(name: str) -> None:
    recipe = read_recipe(name)
    with torch.device("meta"):
        net = new_network(recipe.network, recipe.size)
        x = torch.empty(1, 3 if recipe.domain == "rgb" else 1, 32, 32)
    if recipe.network != "swinir":  # its masks are computed, so they lie in main memory
        assert forward(net, x).shape == x.shape
    assert recipe.total_steps(1000) > 0


def test_there_is_a_recipe_for_each_command() -> None:
    from vidsharp.jobs.cli.train import DEFAULT_RECIPES

    assert set(DEFAULT_RECIPES.values()) <= set(recipe_names())


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ("speed = 3", "keys that no recipe has: speed"),
        ("x = [", "not valid TOML"),
        ("optimiser = 'sgd'", "optimiser is 'sgd'; accepted are adam, adamw"),
        ("schedule = 'flat'", "schedule is 'flat'; accepted are cosine, steps"),
        ("pixel_loss = 'l2'", "pixel_loss is 'l2'; accepted are charbonnier, l1"),
        ("precision = 'int8'", "precision is 'int8'; accepted are fp32, half"),
        ("decay_every = 0", "decay_every is 0; it must be at least 1"),
        ("validate_every = 0", "validate_every is 0; it must be at least 1"),
        ("save_every = -1", "save_every is -1; it must be at least 1"),
        ("validation_crops = 0", "validation_crops is 0; it must be at least 1"),
        ("variants = 0", "variants is 0; it must be at least 1"),
        ("teacher_weight = -0.5", "teacher_weight is -0.5; it must not be negative"),
        ("ssim_weight = 'much'", "ssim_weight is 'much'; it must be a number"),
        ("epochs = 2", "needs either steps or epochs"),
        ("mix = {}", "mix must give levels shares"),
        ("mix = { light = -1, heavy = 2 }", "mix must give levels shares"),
        (LOOKS + "sharpness = 1", "crisp has sharpness; accepted are pixel, ssim, detail, teacher"),
        ("[crisp]\npixel = 1", "without looks = 2"),
        ("size = { looks = 2 }", "without looks = 2"),
        (LOOKS + "teacher = 1", "name the teacher with labels"),
        ("answered = 0.5", "name the teacher with labels"),
        ("answered = -0.5", "answered is -0.5; it must not be negative"),
        ("taming = { low_px = 4 }", "low_px is 4"),
        ("taming = { colour = 4 }", "taming"),
    ],
)
def test_bad_recipes(tmp_path: Path, more: str, says: str) -> None:
    path = tmp_path / "r.toml"
    path.write_text(LEAST)
    assert read_recipe(path).steps == 1
    path.write_text(LEAST + more)
    with pytest.raises(RecipeError, match=says):
        read_recipe(path)


@pytest.mark.parametrize(
    ("line", "instead", "says"),
    [
        ("network = 'blend'", "network = 'unet'", f"network is 'unet'; accepted are {', '.join(NETWORKS)}"),
        ("steps = 1\n", "", "needs either steps or epochs, at least 1"),
        ("steps = 1", "epochs = 1\nmix = { light = 1 }", "a mix has no epochs"),
        ("batch = 1", "batch = 0", "batch is 0; it must be at least 1"),
        ("batch = 1", "batch = '4'", "batch is '4'; it must be a number"),
        ("patch_px = 32", "patch_px = 9", "accepted are 0 .* and 16 or more"),
        ("patch_px = 32", "patch_px = -1", "patch_px is -1; it must not be negative"),
        ("learning_rate = 1e-3", "learning_rate = -1", "learning_rate is -1; it must not be negative"),
        ("learning_rate = 1e-3", "", "is incomplete: .*learning_rate"),
    ],
)
def test_bad_values(tmp_path: Path, line: str, instead: str, says: str) -> None:
    assert line in LEAST
    (tmp_path / "r.toml").write_text(LEAST.replace(line, instead))
    with pytest.raises(RecipeError, match=says):
        read_recipe(tmp_path / "r.toml")


def test_a_recipe_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=f"cannot be read: .*Shipped are {', '.join(recipe_names())}"):
        read_recipe("fastest")
    with pytest.raises(RecipeError, match="cannot be read"):
        read_recipe(tmp_path)


def test_the_planes_follow_from_the_network() -> None:
    swinir = replace(BLEND, network="swinir", size={})
    assert swinir.domain == "rgb", "as SwinIRConfig has it where nothing is said"
    assert [replace(swinir, size={"in_chans": n}).domain for n in (1, 3, 4, 16)] == ["luma", "rgb", "luma", "luma"]
    assert (BLEND.domain, replace(BLEND, network="reference", size={}).domain) == ("luma", "rgb")


@pytest.mark.parametrize(("pairs", "batch", "unit"), [(6, 2, 3), (7, 2, 4), (1, 4, 1)])
def test_epochs_are_counted_in_steps(pairs: int, batch: int, unit: int) -> None:
    epochs = replace(BLEND, steps=0, epochs=5, batch=batch)
    assert (epochs.unit(pairs), epochs.total_steps(pairs)) == (unit, 5 * unit)
    steps = replace(BLEND, steps=9, batch=batch)
    assert (steps.unit(pairs), steps.total_steps(pairs)) == (1, 9)


def test_shares() -> None:
    recipe = replace(BLEND, batch=6)
    assert [recipe.share(n) for n in (1, 2, 3, 6)] == [6, 3, 2, 1]
    with pytest.raises(RecipeError, match="A batch of 6 cannot be shared by 4 workers"):
        recipe.share(4)


def test_as_dict_and_back() -> None:
    recipe = replace(BLEND, mix={"light": 1.0})
    assert Recipe(**recipe.as_dict()) == recipe
    assert recipe.as_dict().keys() == {field.name for field in fields(Recipe)}
