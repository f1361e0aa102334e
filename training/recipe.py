"""What a training run is, read from a TOML file: every number that made the weights."""

import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, Literal

from ..models.errors import VidsharpError


class RecipeError(VidsharpError, ValueError):
    """A recipe that cannot be read, or asks for what does not exist."""


@dataclass(frozen=True)
class Recipe:
    """One training run; `data` and `out` are given apart, since they are places and not choices."""

    model: Literal["fast", "reference"]
    steps: int
    batch: int
    patch_px: int
    learning_rate: float
    """Peak of the cosine schedule; the end is a hundredth of it."""
    warmup_steps: int = 200
    ssim_weight: float = 0.1
    """Loss = Charbonnier + ssim_weight · (1 − SSIM)."""
    fair_floor: float | None = None
    """Weighs pairs by 1 / (input's L1 error + fair_floor); None weighs all alike."""
    ema_decay: float = 0.999
    gradient_norm: float = 1.0
    """Gradients are scaled down to this norm."""
    seed: int = 0
    validate_every: int = 2000
    validation_crops: int = 128
    bands: int = 6
    """The fast student's size; the reference has one size only."""
    width: int = 16
    depth: int = 4

    def __post_init__(self) -> None:
        if self.model not in ("fast", "reference"):
            raise RecipeError(f"The recipe's model '{self.model}' is not known; accepted are fast and reference.")
        for name in ("steps", "batch", "validate_every", "validation_crops", "bands", "width"):
            if getattr(self, name) < 1:
                raise RecipeError(f"The recipe's {name} is {getattr(self, name)}; it must be at least 1.")
        if not 16 <= self.patch_px <= 256:
            raise RecipeError(f"The recipe's patch_px is {self.patch_px}; accepted are 16 to 256.")

    @property
    def domain(self) -> Literal["luma", "rgb"]:
        """The planes that the model works on."""
        return "luma" if self.model == "fast" else "rgb"

    def as_dict(self) -> dict[str, Any]:
        """Plain values, to store beside weights."""
        return asdict(self)


def read_recipe(path: Path) -> Recipe:
    """Reads a recipe.

    Raises:
        RecipeError: the file is missing, is no TOML, or has a key or a value that no recipe has.
    """
    try:
        table = tomllib.loads(path.read_text())
    except OSError as error:
        raise RecipeError(f"The recipe '{path}' cannot be read: {error.strerror or error}.") from error
    except ValueError as error:
        raise RecipeError(f"The recipe '{path}' is not valid TOML: {error}.") from error
    unknown = sorted(set(table) - {field.name for field in fields(Recipe)})
    if unknown:
        raise RecipeError(f"The recipe '{path}' has keys that no recipe has: {', '.join(unknown)}.")
    try:
        return Recipe(**table)
    except TypeError as error:
        raise RecipeError(f"The recipe '{path}' is incomplete: {error}.") from error
