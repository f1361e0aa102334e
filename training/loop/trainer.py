"""A network somewhere along a recipe's steps: its weights, their running average, its optimiser, all of it savable."""

import copy
import math
from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, nn

from ...models.errors import CheckpointError
from ...models.nets.catalogue import new_network
from ...models.nets.checkpoint import load_into
from ...models.nets.protocol import HasTwoLooks, StartsAtRandom, forward, offsets_of
from ...pipeline.proc_files import cpu_flags
from ..data.batches import Batch
from ..errors import RecipeError
from ..loss.objective import Objective
from ..recipe import Recipe

_STATE = ("params_ema", "params", "optimizer", "scaler", "step", "rng")


def network_of(recipe: Recipe) -> nn.Module:
    """The untrained network of a recipe.

    Raises:
        ModelError: as `new_network`.
        RecipeError: it sees several pictures together, and batches hold them one by one.
    """
    network = new_network(recipe.network, recipe.size)
    pictures = len(offsets_of(network))  # type: ignore[arg-type]
    if pictures > 1:
        raise RecipeError(
            f"The recipe's network '{recipe.network}' sees {pictures} pictures together, but training shows a network "
            "one at a time; train it elsewhere, and give its weights to --model."
        )
    return network


class Trainer:
    """Goes down the recipe's loss, one batch at a time.

    Args:
        total_steps: of the whole run, which the schedule needs to know.
        unit: steps in what the recipe's `decay_every` counts.
        wrap: makes the module that is called in training, such as DistributedDataParallel, of the bare one.
    """

    def __init__(
        self,
        recipe: Recipe,
        objective: Objective,
        *,
        total_steps: int,
        unit: int = 1,
        device: str | torch.device = "cpu",
        wrap: Callable[[nn.Module], nn.Module] = lambda net: net,
    ) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.objective, self.total_steps, self.unit = recipe, objective, total_steps, unit
        self.device = torch.device(device)
        model = network_of(recipe)
        if recipe.identity_start and isinstance(model, StartsAtRandom):
            model.start_as_identity()
        self.model = model.to(device=self.device, memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.model).requires_grad_(False).eval() if recipe.ema_decay else self.model
        objective.watch(self.model)
        self.net = wrap(_Pictures(self.model))
        kind = torch.optim.AdamW if recipe.optimiser == "adamw" else torch.optim.Adam
        self.optimizer = kind(
            self.model.parameters(),
            lr=recipe.learning_rate,
            betas=(0.9, recipe.beta2),
            weight_decay=recipe.weight_decay,
        )
        self._half = fast_half(self.device) if recipe.precision == "half" else None
        self.scaler = torch.amp.GradScaler(self.device.type, enabled=self._half == torch.float16)
        self.step = 0

    def begin_with(self, weights: Mapping[str, Tensor], source: str) -> None:
        """Starts from weights instead of an untrained network.

        Raises:
            CheckpointError: they do not fit the recipe's network.
        """
        load_into(self.average, weights, source)
        load_into(self.model, weights, source)

    def advance(self, batch: Batch) -> dict[str, torch.Tensor]:
        """One step; returns the loss and its terms, each a scalar on the device."""
        recipe = self.recipe
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(recipe, self.step, self.total_steps, self.unit)
        batch = Batch(*(None if part is None else part.to(self.device, non_blocking=True) for part in batch))  # type: ignore[arg-type]
        with torch.autocast(self.device.type, dtype=self._half, enabled=self._half is not None):
            outs = self.net(batch.soft)
        loss, terms = self.objective([out.float() for out in outs], batch)
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()
        if recipe.gradient_norm:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.model.parameters(), recipe.gradient_norm)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        self.step += 1
        if recipe.ema_decay:
            decay = min(recipe.ema_decay, (1 + self.step) / (10 + self.step))
            with torch.no_grad():
                for mean, now in zip(self.average.parameters(), self.model.parameters(), strict=True):
                    mean.lerp_(now, 1 - decay)
        return terms

    def state(self) -> dict[str, Any]:
        """All that the next step depends on, and the recipe; `params_ema` is what ships."""
        return {
            "params_ema": self.average.state_dict(),
            "params": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "scaler": self.scaler.state_dict(),
            "step": self.step,
            "epoch": self.step // self.unit if self.recipe.epochs else None,
            "rng": torch.get_rng_state(),
            "recipe": self.recipe.as_dict(),
        }

    def restore(self, state: dict[str, Any], source: str) -> None:
        """Goes back to a `state`.

        Raises:
            CheckpointError: it was made with another recipe, or is no state of a trainer.
        """
        try:
            same = Recipe(**state["recipe"]) == self.recipe
            average, model, optimizer, scaler, step, rng = (state[name] for name in _STATE)
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"'{source}' is no checkpoint that training can resume from.") from error
        if not same:
            raise CheckpointError(f"'{source}' was made with another recipe, so training cannot resume from it.")
        load_into(self.average, average, source)
        load_into(self.model, model, source)
        self.optimizer.load_state_dict(optimizer)
        self.scaler.load_state_dict(scaler)
        torch.set_rng_state(rng)
        self.step = step


class _Pictures(nn.Module):
    """What a network makes of a batch, in one pass: its only picture, or one for each look."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, soft: Tensor) -> tuple[Tensor, ...]:
        if self.net.looks == 2:
            assert isinstance(self.net, HasTwoLooks)
            return self.net.both(soft)
        return (forward(self.net, soft),)


def fast_half(device: torch.device) -> torch.dtype | None:
    """The type of 16 bits that a device multiplies faster than float32; None where there is none.

    A CPU has one where it has AMX: others take bfloat16 apart and are slower with it.
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.bfloat16 if device.type == "cpu" and "amx_bf16" in cpu_flags() else None


def learning_rate(recipe: Recipe, step: int, total_steps: int, unit: int = 1) -> float:
    """Linear warm-up, then the recipe's schedule."""
    if step < recipe.warmup_steps:
        return recipe.learning_rate * (step + 1) / recipe.warmup_steps
    if recipe.schedule == "steps":
        return recipe.learning_rate * recipe.decay_factor ** (step // (recipe.decay_every * unit))
    done = (step - recipe.warmup_steps) / max(total_steps - recipe.warmup_steps, 1)
    return recipe.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done, 1))))
