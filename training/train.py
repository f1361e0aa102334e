"""Trains a student from a recipe, resumably: the same weights whether interrupted or not.

    python -m vidsharp.training.train training/recipes/fast.toml --data CACHE --out runs/fast [--resume]

Writes `checkpoint.pt` (everything), `weights.safetensors` (the averaged weights, to ship) and `log.csv` into --out.
"""

import argparse
import copy
import csv
import math
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from ..models.checkpoint import load_into, read_state_dict
from ..models.enhance import forward
from ..models.errors import CheckpointError
from ..models.fast import FastStudent
from ..models.reference import ReferenceStudent
from .data import PairCache, batch, open_cache
from .losses import charbonnier, fair_weights, ssim
from .passthrough import start_as_identity
from .recipe import Recipe, read_recipe
from .validate import Gains, gains_over_identity


class Trainer:
    """A student, its optimiser and its running average, somewhere along a recipe's steps."""

    def __init__(self, recipe: Recipe, train: PairCache, val: PairCache, out: Path) -> None:
        torch.manual_seed(recipe.seed)
        self.recipe, self.train, self.val, self.out = recipe, train, val, out
        self.model = new_student(recipe).to(memory_format=torch.channels_last)
        self.average = copy.deepcopy(self.model).requires_grad_(False)
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=recipe.learning_rate, betas=(0.9, 0.99))
        self.step = 0

    def advance(self) -> float:
        """One step of gradient descent; returns the loss."""
        recipe = self.recipe
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(recipe, self.step)
        soft, sharp = batch(self.train, recipe.domain, recipe.patch_px, recipe.batch, recipe.seed, self.step)
        out = forward(self.model, soft)
        losses = charbonnier(out, sharp)
        if recipe.ssim_weight:
            losses = losses + recipe.ssim_weight * (1 - ssim(_luma(out), _luma(sharp)))
        if recipe.fair_floor is not None:
            losses = losses * fair_weights(soft, sharp, recipe.fair_floor)
        loss = losses.mean()
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), recipe.gradient_norm)
        self.optimizer.step()
        self.step += 1
        decay = min(recipe.ema_decay, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for mean, now in zip(self.average.parameters(), self.model.parameters(), strict=True):
                mean.lerp_(now, 1 - decay)
        return float(loss.detach())

    def validate(self) -> dict[str, Gains]:
        """Gains of the averaged weights on the validation crops, per level and for `all`."""
        return gains_over_identity(self.average, self.val, self.recipe.domain, self.recipe.validation_crops)

    def save(self) -> None:
        """Writes the checkpoint and the averaged weights, each whole or not at all."""
        state = {
            "params_ema": self.average.state_dict(),
            "params": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "step": self.step,
            "rng": torch.get_rng_state(),
            "recipe": self.recipe.as_dict(),
        }
        part = self.out / "checkpoint.pt.part"
        torch.save(state, part)
        part.replace(self.out / "checkpoint.pt")
        part = self.out / "weights.safetensors.part"
        save_file({name: value.contiguous() for name, value in self.average.state_dict().items()}, part)
        part.replace(self.out / "weights.safetensors")

    def resume(self) -> None:
        """Goes back to the checkpoint in `out`.

        Raises:
            CheckpointError: there is none, or it was made with another recipe.
        """
        path = self.out / "checkpoint.pt"
        read_state_dict(path)  # for its clear errors
        state = torch.load(path, "cpu", weights_only=True)
        if Recipe(**state["recipe"]) != self.recipe:
            raise CheckpointError(f"'{path}' was made with another recipe, so training cannot go on from it.")
        load_into(self.average, state["params_ema"], path)
        load_into(self.model, state["params"], path)
        self.optimizer.load_state_dict(state["optimizer"])
        torch.set_rng_state(state["rng"])
        self.step = state["step"]


def new_student(recipe: Recipe) -> FastStudent | ReferenceStudent:
    """An untrained student that starts at, or near, the identity."""
    if recipe.model == "fast":
        return FastStudent(recipe.bands, recipe.width, recipe.depth)
    student = ReferenceStudent()
    start_as_identity(student)
    return student


def learning_rate(recipe: Recipe, step: int) -> float:
    """Linear warm-up, then a cosine from the peak to a hundredth of it."""
    if step < recipe.warmup_steps:
        return recipe.learning_rate * (step + 1) / recipe.warmup_steps
    done = (step - recipe.warmup_steps) / max(recipe.steps - recipe.warmup_steps, 1)
    return recipe.learning_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * min(done, 1))))


def run(recipe: Recipe, data: Path, out: Path, resume: bool = False, stop_after: int | None = None) -> Trainer:
    """Trains to the recipe's last step, or to `stop_after`; validates and saves on the way and at the end.

    Raises:
        DataError: there are no pairs at `data`.
        CheckpointError: as `Trainer.resume`, or `out` holds a run already and `resume` is off.
    """
    train, val = open_cache(data, "train"), open_cache(data, "val")
    out.mkdir(parents=True, exist_ok=True)
    trainer = Trainer(recipe, train, val, out)
    if resume:
        trainer.resume()
    elif (out / "checkpoint.pt").exists():
        raise CheckpointError(f"'{out}' holds a training run already; use --resume, or another folder.")
    began, losses = time.monotonic(), []
    last = min(recipe.steps, stop_after or recipe.steps)
    while trainer.step < last:
        losses.append(trainer.advance())
        if trainer.step % recipe.validate_every == 0 or trainer.step == last:
            _log(out / "log.csv", trainer.step, time.monotonic() - began, sum(losses) / len(losses), trainer.validate())
            losses = []
            trainer.save()
    return trainer


def _log(path: Path, step: int, seconds: float, loss: float, gains: dict[str, Gains]) -> None:
    """Appends one row per level to the CSV, and says the overall gain."""
    new = not path.exists()
    with path.open("a", newline="") as file:
        rows = csv.writer(file)
        if new:
            rows.writerow(["step", "seconds", "loss", "level", "crops", "psnr_gain_db", "ssim_gain"])
        for level, gain in gains.items():
            rows.writerow(
                [step, f"{seconds:.0f}", f"{loss:.6f}", level, gain.crops, f"{gain.psnr_db:.4f}", f"{gain.ssim:.5f}"]
            )
    each = "  ".join(f"{level} {gain.psnr_db:+.2f} dB {gain.ssim:+.4f}" for level, gain in gains.items())
    print(f"step {step}  {seconds:.0f} s  loss {loss:.5f}  {each}", flush=True)


def _luma(x: Tensor) -> Tensor:
    """[N, 1, H, W] of luma or RGB (BT.601 weights)."""
    if x.shape[1] == 1:
        return x
    return (x * x.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(dim=1, keepdim=True)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--stop-after", type=int, help="stop at this step, to go on later")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    try:
        run(read_recipe(args.recipe), args.data, args.out, args.resume, args.stop_after)
    except ValueError as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main()
