"""One step after another: schedules, clipping, the running average, and states that can be gone back to."""

import copy
import math
from dataclasses import replace

import pytest
import torch
from vidsharp.models.errors import CheckpointError
from vidsharp.training.data.batches import Batch
from vidsharp.training.loop.trainer import Trainer, learning_rate
from vidsharp.training.loss.objective import Objective
from vidsharp.training.recipe import Recipe

from tests.support import crops
from tests.support.crops import BLEND, REFERENCE


def trainer(recipe: Recipe, total_steps: int = 10) -> Trainer:
    return Trainer(recipe, Objective(recipe, None, None), total_steps=total_steps)


def batch(seed: int = 0, planes: int = 1) -> Batch:
    rng = torch.Generator().manual_seed(seed)
    sharp = torch.rand(2, planes, 24, 24, generator=rng)
    return Batch(torch.nn.functional.avg_pool2d(sharp, 3, 1, 1), sharp, None)


def advanced(recipe: Recipe, steps: int) -> Trainer:
    mine = trainer(recipe)
    for step in range(steps):
        mine.advance(batch(step))
    return mine


def test_cosine_rises_and_falls() -> None:
    recipe = replace(BLEND, warmup_steps=10)
    rates = [learning_rate(recipe, step, 100) for step in range(101)]
    assert max(rates) == pytest.approx(recipe.learning_rate)
    assert rates[0] == pytest.approx(recipe.learning_rate / 10)
    assert rates[:11] == sorted(rates[:11])
    assert rates[10:] == sorted(rates[10:], reverse=True)
    assert rates[55] == pytest.approx(recipe.learning_rate * 0.505)
    assert rates[100] == pytest.approx(recipe.learning_rate / 100)


@pytest.mark.parametrize("unit", [1, 7])
def test_steps_are_those_of_torch(unit: int) -> None:
    """StepLR counts epochs; ours counts steps, `unit` of them an epoch."""
    recipe = replace(BLEND, warmup_steps=0, schedule="steps", decay_every=3, decay_factor=0.5)
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=recipe.learning_rate)
    theirs = torch.optim.lr_scheduler.StepLR(optimizer, 3, 0.5)
    for epoch in range(10):
        for step in range(epoch * unit, (epoch + 1) * unit):
            assert learning_rate(recipe, step, 10 * unit, unit) == pytest.approx(theirs.get_last_lr()[0])
        optimizer.step()
        theirs.step()


@pytest.mark.parametrize("schedule", ["cosine", "steps"])
def test_no_schedule_ends_or_divides_by_zero(schedule: str) -> None:
    recipe = replace(BLEND, schedule=schedule, warmup_steps=0)
    assert learning_rate(recipe, 0, 1) == pytest.approx(recipe.learning_rate)
    assert all(learning_rate(replace(recipe, warmup_steps=5), step, 5) > 0 for step in range(20))


def test_the_optimiser_is_given_the_scheduled_rate() -> None:
    mine = trainer(replace(BLEND, warmup_steps=4))
    for step in range(6):
        mine.advance(batch())
        assert mine.optimizer.param_groups[0]["lr"] == learning_rate(mine.recipe, step, 10)
    assert mine.step == 6


@pytest.mark.parametrize(("optimiser", "kind"), [("adam", torch.optim.Adam), ("adamw", torch.optim.AdamW)])
def test_the_recipes_optimiser(optimiser: str, kind: type) -> None:
    mine = trainer(replace(BLEND, optimiser=optimiser, weight_decay=0.3, beta2=0.9))
    assert type(mine.optimizer) is kind
    (group,) = mine.optimizer.param_groups
    assert (group["weight_decay"], group["betas"]) == (0.3, (0.9, 0.9))


def test_gradients_are_scaled_down_to_the_norm_and_never_up() -> None:
    recipe = replace(REFERENCE, identity_start=False)

    def norm(limit: float) -> float:
        mine = trainer(replace(recipe, gradient_norm=limit))
        mine.advance(batch(planes=3))
        return math.sqrt(sum(float((p.grad**2).sum()) for p in mine.model.parameters() if p.grad is not None))

    free = norm(0)
    assert norm(free / 2) == pytest.approx(free / 2, rel=1e-4)
    assert norm(free * 2) == pytest.approx(free, rel=1e-4)


def test_the_average_follows_the_weights() -> None:
    """Early, it forgets faster: after step n, at most by (1 + n) / (10 + n)."""
    mine = trainer(replace(BLEND, ema_decay=0.25))
    wanted = [p.clone() for p in mine.model.parameters()]
    for step in range(1, 5):
        mine.advance(batch(step))
        decay = min(0.25, (1 + step) / (10 + step))
        wanted = [decay * w + (1 - decay) * p.detach() for w, p in zip(wanted, mine.model.parameters(), strict=True)]
    for ours, theirs in zip(mine.average.parameters(), wanted, strict=True):
        torch.testing.assert_close(ours, theirs)
        assert not ours.requires_grad
    assert crops.differing(mine.average.state_dict(), mine.model.state_dict())


def test_without_an_average_the_last_weights_ship() -> None:
    mine = advanced(replace(BLEND, ema_decay=0), 2)
    assert mine.average is mine.model
    state = mine.state()
    assert crops.differing(state["params_ema"], state["params"]) == []


@pytest.mark.parametrize("ema_decay", [0, 0.999])
def test_a_state_brings_back_everything(ema_decay: float) -> None:
    recipe = replace(BLEND, ema_decay=ema_decay)
    first = advanced(recipe, 3)
    state = copy.deepcopy(first.state())
    second = trainer(recipe)
    torch.manual_seed(99)
    second.restore(state, "here")
    assert crops.differing(second.state(), state) == []
    for mine in (first, second):
        mine.advance(batch(7))
    assert crops.differing({**first.state(), "rng": 0}, {**second.state(), "rng": 0}) == []


def test_the_seed_decides_how_it_begins() -> None:
    recipe = replace(REFERENCE, identity_start=False)
    states = [trainer(replace(recipe, seed=seed)).model.state_dict() for seed in (1, 1, 2)]
    assert crops.differing(states[0], states[1]) == []
    assert crops.differing(states[0], states[2])


def test_the_reference_starts_near_the_identity_or_at_random() -> None:
    x = batch(planes=3).soft
    with torch.inference_mode():
        near, far = (trainer(replace(REFERENCE, identity_start=yes)).model(x)[0] for yes in (True, False))
    assert float((near - x).abs().mean()) < 2 / 255
    assert float((far - x).abs().mean()) > 10 / 255


def test_restore_refuses_another_recipe_and_garbage() -> None:
    mine = advanced(BLEND, 1)
    state = mine.state()
    other = {**state, "recipe": replace(BLEND, seed=5).as_dict()}
    with pytest.raises(CheckpointError, match="'here' was made with another recipe"):
        mine.restore(other, "here")
    garbage = [
        {},
        {"recipe": {"speed": 3}},
        {"recipe": 3},
        {"recipe": {**state["recipe"], "batch": 0}},
        {name: value for name, value in state.items() if name != "optimizer"},
    ]
    for bad in garbage:
        with pytest.raises(CheckpointError, match="'here' is no checkpoint that training can resume from"):
            mine.restore(bad, "here")
    cut = {name: value for name, value in state["params"].items() if name != "filters"}
    with pytest.raises(CheckpointError, match=r"1 missing \(filters\)"):
        mine.restore({**state, "params": cut}, "here")
    assert mine.step == 1
