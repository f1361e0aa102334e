"""Training as a job: checks what was asked for, opens the data, and trains here or as a Ray Train job."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...pipeline.ownership import refuse_folder
from .train_config import RAY, RAY_JOB, TrainConfig, open_data, places_of

if TYPE_CHECKING:
    from ...training.data.pair_set import PairSet
    from ...training.recipe import Recipe


@dataclass(frozen=True)
class TrainResult:
    """The outcome of a training run."""

    weights: Path
    step: int
    steps: int


def train(
    config: TrainConfig,
    say: Callable[[str], None] = lambda _: None,
    moved: Callable[[int, int, float], None] = lambda *_: None,
) -> TrainResult:
    """Trains by a recipe. Recipe, data, teacher and VGG weights are checked before any work.

    Args:
        say: told in words what happens; `moved`: told (step, last step, loss) every few steps.

    Raises:
        VidsharpError: as `read_recipe`, `open_pairs` and `training.train.train`; ClusterError with Ray.
    """
    from ...training.loop.train import CHECKPOINT, WEIGHTS, check_start, checkpoint_to_resume, objective_of
    from ...training.recipe import read_recipe

    recipe = read_recipe(config.recipe)
    recipe.share(config.workers)
    resume_from = checkpoint_to_resume(config.out, config.resume, config.overwrite)
    if config.ray:
        refuse_folder(config.out / RAY, RAY_JOB)
    objective_of(recipe, places_of(config))
    check_start(recipe, places_of(config))
    pairs = open_data(config, recipe, say)
    learn, check = (f"{len(some.levels)} pairs of {len(set(some.sources))} sources" for some in pairs)
    say(f"{learn} to train on, {check} to validate on")
    if config.overwrite:
        (config.out / CHECKPOINT).unlink(missing_ok=True)  # else this run, once killed, would resume from that one's
    if config.ray:
        from .train_on_ray import train_on_ray

        step = train_on_ray(config, recipe, resume_from, say, moved)
    else:
        step = _train_here(config, recipe, pairs, resume_from, say, moved)
    return TrainResult(config.out / WEIGHTS, step, recipe.total_steps(len(pairs[0].levels)))


def _train_here(
    config: TrainConfig,
    recipe: "Recipe",
    pairs: "tuple[PairSet, PairSet]",
    resume_from: Path | None,
    say: Callable[[str], None],
    moved: Callable[[int, int, float], None],
) -> int:
    import torch

    from ...models.device import resolve_device
    from ...training.loop.train import WorkerGroup, train

    if config.threads:
        torch.set_num_threads(config.threads)
    return train(
        recipe,
        places_of(config),
        pairs,
        resume_from=resume_from,
        stop_after=config.stop_after,
        loader_workers=config.loader_workers,
        crew=WorkerGroup(device=str(resolve_device(config.device))),
        say=say,
        moved=moved,
    ).step
