"""Training as a job: checks what was asked for, opens the data, and trains here or as a Ray Train job."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .config import UsageError

if TYPE_CHECKING:
    from ..training.pair_set import PairSet
    from ..training.recipe import Recipe


@dataclass(frozen=True)
class TrainConfig:
    """Everything `vidsharp train` takes; the defaults are the command's.

    Raises:
        UsageError: a value out of range.
    """

    data: Path
    """GOPRO_Large, folders of blur/ and sharp/ pictures, or sharp photos/ and clips/."""
    out: Path
    recipe: str = "fast"
    """A shipped recipe's name, or a TOML file."""
    teacher: Path | None = None
    """Checkpoint of a trained network, for recipes that learn from one."""
    vgg: Path | None = None
    """torchvision's VGG16 weights, for recipes with a perceptual loss; None asks torchvision."""
    cache: Path | None = None
    """Where pairs made of photos and clips are kept; None: `pairs` in `out`."""
    resume: bool = False
    stop_after: int | None = None
    """Stops at this step, to be resumed later."""
    device: str = "auto"
    threads: int | None = None
    """Of torch on the CPU, in each worker; None: all cores, shared by the workers."""
    loader_workers: int = 1
    """Processes that decode and cut pictures, for each worker."""
    ray: bool = False
    num_workers: int = 1
    """Of the Ray Train job; they share each batch in equal parts."""
    address: str | None = None
    """Of a Ray cluster; None starts Ray on this machine."""
    max_failures: int = 3
    """How often the Ray Train job starts again from its last checkpoint when a worker dies."""

    def __post_init__(self) -> None:
        if self.num_workers < 1:
            raise UsageError(f"--num-workers {self.num_workers} is too few: at least 1")
        if self.num_workers > 1 and not self.ray:
            raise UsageError("--num-workers is for Ray Train jobs: add --ray")
        if self.loader_workers < 0:
            raise UsageError(f"--loader-workers {self.loader_workers} is too few: 0 loads in the training process")


@dataclass(frozen=True)
class TrainResult:
    """What a run left behind."""

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
    from ..models.catalogue import new_network
    from ..training.recipe import read_recipe
    from ..training.train import WEIGHTS, Places, checkpoint_to_resume, objective_of

    recipe = read_recipe(config.recipe)
    recipe.share(config.num_workers)
    resume_from = checkpoint_to_resume(config.out, config.resume)
    objective_of(recipe, Places(config.out, config.teacher, config.vgg))
    new_network(recipe.network, recipe.size)
    pairs = open_data(config, recipe, say)
    learn, check = (f"{len(some.levels)} pairs of {len(set(some.sources))} sources" for some in pairs)
    say(f"{learn} to train on, {check} to validate on")
    if config.ray:
        from .train_on_ray import train_on_ray

        step = train_on_ray(config, recipe, resume_from, say, moved)
    else:
        step = _train_here(config, recipe, pairs, resume_from, say, moved)
    return TrainResult(config.out / WEIGHTS, step, recipe.total_steps(len(pairs[0].levels)))


def open_data(config: TrainConfig, recipe: "Recipe", say: Callable[[str], None]) -> "tuple[PairSet, PairSet]":
    """The pairs that a run trains on and validates on."""
    from ..training.open_pairs import open_pairs

    processes = len(os.sched_getaffinity(0))
    cache = config.cache or config.out / "pairs"
    return open_pairs(config.data, cache, variants=recipe.variants, seed=0, processes=processes, say=say)


def _train_here(
    config: TrainConfig,
    recipe: "Recipe",
    pairs: "tuple[PairSet, PairSet]",
    resume_from: Path | None,
    say: Callable[[str], None],
    moved: Callable[[int, int, float], None],
) -> int:
    import torch

    from ..models.device import resolve_device
    from ..training.train import Crew, Places, train

    if config.threads:
        torch.set_num_threads(config.threads)
    return train(
        recipe,
        Places(config.out, config.teacher, config.vgg),
        pairs,
        resume_from=resume_from,
        stop_after=config.stop_after,
        loader_workers=config.loader_workers,
        crew=Crew(device=str(resolve_device(config.device))),
        say=say,
        moved=moved,
    ).step
