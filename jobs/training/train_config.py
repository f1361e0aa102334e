"""The settings of the training job: one frozen value, checked when it is made; and the pairs that it names."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...models.cores import usable_cores
from ..config import UsageError

if TYPE_CHECKING:
    from ...training.data.pair_set import PairSet
    from ...training.loop.train import Places
    from ...training.recipe import Recipe


RAY, RAY_JOB = "ray", "train --ray"
"""The Ray Train job's folder in `out`, and the name of its maker in that folder's mark."""


@dataclass(frozen=True)
class TrainConfig:
    """Everything `vidsharp train` takes; the defaults are the command's.

    Raises:
        UsageError: a value out of range.
    """

    data: Path
    """GOPRO_Large, folders of blur/ and sharp/ pictures, or sharp photos/ and clips/."""
    out: Path
    recipe: str = "originals"
    """A shipped recipe's name, or a TOML file."""
    teacher: Path | None = None
    """A shipped model's name or a checkpoint, for recipes that learn from one."""
    vgg: Path | None = None
    """torchvision's VGG16 weights, for recipes with a perceptual loss; None asks torchvision."""
    start: Path | None = None
    """A shipped model's name or weights to begin with, to train them further; None begins untrained."""
    cache: Path | None = None
    """Where pairs made of photos and clips are kept; None: `pairs` in `out`."""
    resume: bool = False
    overwrite: bool = False
    """Begins again in `out`, also where a run has been, or other files of these names are."""
    stop_after: int | None = None
    """Stops at this step, to be resumed later."""
    device: str = "auto"
    threads: int | None = None
    """Of torch on the CPU, in each worker; None: all cores, shared by the workers."""
    loader_workers: int = 1
    """Processes that decode and cut pictures, for each worker."""
    ray: bool = False
    workers: int = 1
    """Of the Ray Train job; they share each batch in equal parts."""
    address: str | None = None
    """Of a Ray cluster; None starts Ray on this machine."""
    max_failures: int = 3
    """How often the Ray Train job starts again from its last checkpoint when a worker dies."""

    def __post_init__(self) -> None:
        if self.resume and self.overwrite:
            raise UsageError("--resume continues a run, and --overwrite starts again: name one of them")
        if self.workers < 1:
            raise UsageError(f"--workers {self.workers} is too few: at least 1")
        if self.workers > 1 and not self.ray:
            raise UsageError("--workers is for Ray Train jobs: add --ray")
        if self.address is not None and not self.ray:
            raise UsageError("--address is for Ray Train jobs: add --ray, or leave it out to train on this machine")
        if self.loader_workers < 0:
            raise UsageError(f"--loader-workers {self.loader_workers} is too few: 0 loads in the training process")


def places_of(config: TrainConfig) -> "Places":
    """The files and folders that a run reads and writes."""
    from ...training.loop.train import Places

    return Places(config.out, config.teacher, config.vgg, config.start)


def open_data(config: TrainConfig, recipe: "Recipe", say: Callable[[str], None]) -> "tuple[PairSet, PairSet]":
    """The pairs that a run trains on and validates on."""
    from ...training.data.open_pairs import open_pairs

    processes = usable_cores()
    cache = config.cache or config.out / "pairs"
    return open_pairs(config.data, cache, variants=recipe.variants, seed=0, processes=processes, say=say)
