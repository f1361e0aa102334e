"""Trains a network by a recipe, resumably: the same weights whether interrupted or not, alone or in a crew.

Into its folder go `checkpoint.pt` (everything), `weights.safetensors` (what ships), `loss.csv`, `validation.csv`,
`tensorboard/` and `samples/`.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as safetensors
from torch import Tensor, nn

from ...models.errors import CheckpointError
from ...models.nets.catalogue import weights_digest, weights_path
from ...models.nets.checkpoint import load_into, read_state_dict
from ...pipeline.atomic import make_folder, publish, remove_leftovers, temporary_name, write_atomically
from ...pipeline.ownership import MARK, mark_made, refuse_others
from ..data.batches import Answers, Batch, Batches, load_batches
from ..data.crop_cache import TaughtCache, taught_crops
from ..data.labels import open_labels
from ..data.pair_set import PairSet
from ..data.shaken_pairs import SHAKEN, ShakenPairs
from ..data.window_cache import WindowCache
from ..errors import RecipeError
from ..loss.objective import Objective, Teacher, check_teacher
from ..loss.perceptual import Vgg16Loss
from ..loss.taming import Taming
from ..recipe import Recipe
from .samples import save_samples
from .trainer import Trainer, learning_rate, network_of
from .training_log import TrainingLog
from .validate import Gains, at_each_look, gains_over_identity

CHECKPOINT, WEIGHTS = "checkpoint.pt", "weights.safetensors"
RUN_FILES = (CHECKPOINT, WEIGHTS, "loss.csv", "validation.csv", "samples", "tensorboard")
"""Files and folders that a run writes."""
LOG_EVERY = 100
"""Most steps between lines of `loss.csv`; there is one at each checkpoint, too."""
SHAKEN_SHARE = 4
"""Where a recipe shakes pictures, one in so many as it validates on is looked at shaken, too."""
TELL_EVERY = 10
"""Steps between looks at the loss for whoever watches; each waits for the device."""


def _alone(net: nn.Module) -> nn.Module:
    return net


def _nothing(*_: Any) -> None:
    return None


@dataclass(frozen=True)
class WorkerGroup:
    """The workers that share a run; the default is one alone. Worker 0 writes and validates."""

    rank: int = 0
    world: int = 1
    device: str = "cpu"
    wrap: Callable[[nn.Module], nn.Module] = _alone
    """Makes the module that averages gradients over the workers."""
    share: Callable[[Path | None, Mapping[str, float]], None] = _nothing
    """Told by every worker at each checkpoint: the run's folder (None but for worker 0) and some figures."""


@dataclass(frozen=True)
class Places:
    """The files and folders that a run reads and writes."""

    out: Path
    teacher: Path | None = None
    """A shipped model's name, or a checkpoint."""
    vgg: Path | None = None
    """torchvision's VGG16 weights; None asks torchvision for them."""
    start: Path | None = None
    """A shipped model's name, or weights to begin with; None begins untrained."""


def checkpoint_to_resume(out: Path, resume: bool, overwrite: bool = False) -> Path | None:
    """The checkpoint that a run into `out` resumes from; None for a run that begins.

    Args:
        overwrite: a run may begin over another one, and over other files.

    Raises:
        CheckpointError: there is none to resume, or a run has been there and nobody asked to resume or replace it.
        NotOursError: a file that no run made would be replaced.
    """
    checkpoint, weights = out / CHECKPOINT, out / WEIGHTS
    if resume:
        if not checkpoint.exists():
            raise CheckpointError(f"'{out}' holds no {CHECKPOINT} to resume from; leave --resume out to begin.")
        return checkpoint
    if not overwrite:
        if checkpoint.exists():
            raise CheckpointError(
                f"'{out}' holds a training run already; use --resume, or another folder, or --overwrite to start again."
            )
        if weights.exists():  # as of a finished run, whose large checkpoint is no longer needed
            raise CheckpointError(
                f"'{out}' holds finished weights already ({WEIGHTS}); name another folder, or --overwrite these."
            )
    refuse_others(out / MARK, RUN_FILES, "train", overwrite=overwrite)
    return None


def objective_of(recipe: Recipe, places: Places, device: str = "cpu") -> Objective:
    """The objective of a recipe, with the teacher and the VGG16 that it asks for.

    Raises:
        RecipeError, LossError, ModelError, CheckpointError: as `train`.
    """
    teacher = Teacher(places.teacher, device) if places.teacher else None
    check_teacher(recipe, teacher)
    vgg = Vgg16Loss.load(places.vgg, normalise=recipe.imagenet_colours) if recipe.perceptual_weight else None
    return Objective(recipe, teacher, vgg.to(device) if vgg else None)


def check_start(recipe: Recipe, places: Places) -> None:
    """Raises ModelError, RecipeError or CheckpointError where the recipe's network cannot be built, trained, or begin
    with `places.start`."""
    network = network_of(recipe)
    if places.start:
        load_into(network, read_state_dict(weights_path(places.start)), places.start)


def train(
    recipe: Recipe,
    places: Places,
    pairs: tuple[PairSet, PairSet],
    *,
    resume_from: Path | None = None,
    stop_after: int | None = None,
    loader_workers: int = 0,
    crew: WorkerGroup | None = None,
    say: Callable[[str], None] = _nothing,
    moved: Callable[[int, int, float], None] = _nothing,
) -> Trainer:
    """Trains to the recipe's last step, or to `stop_after`; validates and saves on the way and at the end.

    Args:
        pairs: for training and for validation.
        resume_from: a checkpoint to resume from, as `checkpoint_to_resume` finds it.
        say: told in words what happens; `moved`: told (step, steps, loss) now and then.

    Raises:
        RecipeError, DataError, LossError: what the recipe asks for is not there; before any work.
        ModelError, CheckpointError: the teacher or the weights to begin with cannot be loaded, or the checkpoint is of
            another recipe.
        OutputError: the folder cannot be written.
    """
    crew = crew or WorkerGroup()
    learn, check = pairs
    count = len(learn.levels)
    total, unit = recipe.total_steps(count), recipe.unit(count)
    objective = objective_of(recipe, places, crew.device)
    trainer = Trainer(recipe, objective, total_steps=total, unit=unit, device=crew.device, wrap=crew.wrap)
    if resume_from:
        _restore(trainer, resume_from)
        say(f"going on from step {trainer.step}")
    elif places.start:
        trainer.begin_with(read_state_dict(weights_path(places.start)), str(places.start))
    answers: Answers | None = None
    teacher = objective.teacher
    if recipe.labels:
        if not isinstance(learn, WindowCache):
            raise RecipeError(
                f"The recipe asks for the answers of '{recipe.labels}', which lie beside windows only; "
                "take a recipe without labels, such as 'originals'."
            )
        answers = open_labels(learn, recipe.labels, Taming(**recipe.taming))
    elif teacher and isinstance(learn, TaughtCache) and not (recipe.feature_weight or recipe.scale_down_and_up):
        answers = taught_crops(learn, recipe.domain, weights_digest(teacher.path), _on(crew.device, teacher), say)
    batches = Batches(learn, recipe.domain, recipe, answers, crew.rank, crew.world)
    make_folder(places.out)
    if crew.rank == 0:
        remove_leftovers(places.out)
        mark_made(places.out / MARK, "train", dict.fromkeys(RUN_FILES))
    last = min(total, stop_after or total)
    log = TrainingLog(places.out, trainer.step) if crew.rank == 0 else None
    try:
        ahead = load_batches(batches, trainer.step, last, loader_workers)
        for loss in _steps(trainer, ahead, check, places.out, crew, log):
            if trainer.step % TELL_EVERY == 0:
                moved(trainer.step, last, float(loss))
    finally:
        if log:
            log.close()
    return trainer


def _steps(
    trainer: Trainer, batches: Iterator[Batch], check: PairSet, out: Path, crew: WorkerGroup, log: TrainingLog | None
) -> Iterator[Tensor]:
    """Takes a step for each batch and yields its loss; logs, validates and saves when it is due and after the last."""
    recipe, unit = trainer.recipe, trainer.unit
    began, since = time.monotonic(), 0
    sums: dict[str, Tensor | float] = {}
    batch = next(batches, None)
    while batch is not None:
        terms = trainer.advance(batch)
        batch = next(batches, None)
        sums = {name: sums.get(name, 0) + value for name, value in terms.items()}
        since += 1
        step, ends = trainer.step, batch is None
        saves = step % (recipe.save_every * unit) == 0 or ends
        if step % LOG_EVERY == 0 or saves:  # at each checkpoint, so that a resumed run writes the same lines
            means = _over_crew({name: float(total) / since for name, total in sums.items()}, crew)
            rate = learning_rate(recipe, step - 1, trainer.total_steps, unit)
            if log:
                log.losses(step, time.monotonic() - began, rate, means)
            sums, since = {}, 0
        gains: dict[str, Gains] = {}
        if log and (step % (recipe.validate_every * unit) == 0 or ends):
            for look, net in at_each_look(trainer.average).items():
                of_look = _validated(net, check, recipe, trainer.device)
                gains |= {level if look == "natural" else f"{look} {level}": gain for level, gain in of_look.items()}
            log.gains(step, gains)
            save_samples(out / "samples" / f"{step:07d}.png", trainer.average, check, recipe.domain, trainer.device)
        if saves:
            if log:
                _save(trainer, out)
            all_gains = gains.get("all")
            figures = {"psnr_gain_db": all_gains.psnr_db, "ssim_gain": all_gains.ssim} if all_gains else {}
            crew.share(out if log else None, {"step": step, **figures})
        yield terms["loss"]


def _validated(net: nn.Module, check: PairSet, recipe: Recipe, device: torch.device) -> dict[str, Gains]:
    """Gains by level; where the recipe shakes pictures, on shaken ones, too, as far as a camera saw any."""
    gains = gains_over_identity(net, check, recipe.domain, recipe.validation_crops, device)
    shaken = ShakenPairs(check)
    if recipe.shaken and shaken.filmed_ones:
        most = max(recipe.validation_crops // SHAKEN_SHARE, 1)
        gains[SHAKEN] = gains_over_identity(net, shaken, recipe.domain, most, device)[SHAKEN]
    return gains


def _over_crew(means: dict[str, float], crew: WorkerGroup) -> dict[str, float]:
    """Averages over the workers, whose shares of each batch are equal."""
    if crew.world == 1:
        return means
    values = torch.tensor(list(means.values()), dtype=torch.float64, device=crew.device)
    torch.distributed.all_reduce(values)
    return dict(zip(means, (values / crew.world).tolist(), strict=True))


def _save(trainer: Trainer, out: Path) -> None:
    """Writes the checkpoint, and the weights that ship, each whole or not at all."""
    part = temporary_name(out / CHECKPOINT)
    try:
        torch.save(trainer.state(), part)
        publish(part, out / CHECKPOINT)
    finally:
        part.unlink(missing_ok=True)
    weights = {name: value.cpu().contiguous() for name, value in trainer.average.state_dict().items()}
    # The library's own writing to files hides them from everyone else.
    write_atomically(out / WEIGHTS, safetensors(weights))


def _restore(trainer: Trainer, checkpoint: Path) -> None:
    read_state_dict(checkpoint)  # for its clear errors
    trainer.restore(torch.load(checkpoint, "cpu", weights_only=True), str(checkpoint))


def _on(device: str, teacher: Teacher) -> Callable[[Tensor], Tensor]:
    """The teacher's picture, for pictures in main memory."""
    return lambda soft: teacher.picture(soft.to(device)).cpu()
