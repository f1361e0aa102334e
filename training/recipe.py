"""The recipe of a training run, read from a TOML file: every number that made the weights."""

import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ..models.nets.networks import NETWORKS
from ..models.nets.protocol import Domain
from .errors import RecipeError
from .loss.taming import Taming

RECIPES = Path(__file__).parent / "recipes"
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "network": tuple(NETWORKS),
    "optimiser": ("adam", "adamw"),
    "schedule": ("cosine", "steps"),
    "pixel_loss": ("charbonnier", "l1", "relative"),
    "precision": ("fp32", "half"),
}
CRISP_TERMS = ("pixel", "ssim", "detail", "teacher")
_AT_LEAST_ONE = ("batch", "validate_every", "save_every", "decay_every", "validation_crops", "variants")
_NOT_NEGATIVE = (
    "untouched",
    "shaken",
    "bordered",
    "learning_rate",
    "ssim_weight",
    "perceptual_weight",
    "teacher_weight",
    "feature_weight",
    "patch_px",
    "answered",
    "unlabelled",
    "emphasis",
)


@dataclass(frozen=True)
class Recipe:
    """One training run; data, teacher and output folder are given apart, since they are places and not choices.

    Raises:
        RecipeError: a value out of range.
    """

    network: str
    """A key of `NETWORKS`."""
    batch: int
    patch_px: int
    """Side of a patch; 0 takes whole pictures, which must then be of one size."""
    learning_rate: float
    """Where the schedule starts."""
    steps: int = 0
    epochs: int = 0
    """Either is given; with `epochs`, `decay_every`, `validate_every` and `save_every` count epochs, else steps."""
    size: Mapping[str, Any] = field(default_factory=dict)
    """What the network's constructor takes."""
    identity_start: bool = True
    """The reference student starts near the identity instead of at random; the others always do."""

    optimiser: str = "adam"
    weight_decay: float = 0.0
    beta2: float = 0.99
    schedule: str = "cosine"
    """`cosine`: down to a hundredth. `steps`: times `decay_factor` after every `decay_every`."""
    decay_every: int = 50
    decay_factor: float = 0.5
    warmup_steps: int = 200
    gradient_norm: float = 1.0
    """Gradients are scaled down to this norm; 0 leaves them as they are."""
    ema_decay: float = 0.999
    """Of the running average of the weights, which is what ships; 0 ships the last weights."""
    precision: str = "fp32"
    """`half`: 16 bits where the machine computes faster with them (`fast_half`), else fp32 all the same."""

    pixel_loss: str = "charbonnier"
    """`relative`: squared error over that of the soft picture, and so with SSIM (`losses.relative_error`)."""
    ssim_weight: float = 0.1
    perceptual_weight: float = 0.0
    imagenet_colours: bool = True
    """VGG16 sees pictures normalised as it was trained; the report showed it plain 0..1."""
    teacher_weight: float = 0.0
    """α of the pixel loss to the teacher's picture."""
    feature_weight: float = 0.0
    """Of the difference between the student's feature affinities and the teacher's."""
    labels: str = ""
    """The restoration teacher (`training/teachers`) whose answers lie beside the windows; none: nobody was asked."""
    answered: float = 0.0
    """Share of the patches that are drawn from what it was asked about, whatever the mix."""
    unlabelled: float = 0.0
    """Share of these that count as recordings without an original: only the answer is looked at."""
    taming: Mapping[str, Any] = field(default_factory=dict)
    """What may be believed of its answers: the values of `taming.Taming`."""
    crisp: Mapping[str, float] = field(default_factory=dict)
    """Weights of what the head for the look `crisp` makes small, by name: `pixel`, `ssim`, `detail`, `teacher`."""
    emphasis: float = 0.0
    """Of lost detail in what the crisp head's pixels are compared with (`detail.emphasised`); 0: with the original."""
    fair_floor: float = 0.0
    """Weighs pairs by fair_floor / (the input's L1 error + fair_floor); 0 weighs all alike."""

    mix: Mapping[str, float] | None = None
    """Shares of the levels in a batch, drawn again each time; None: each pair once in every epoch."""
    untouched: float = 0.0
    """Share of the patches whose sharp picture is both input and target: what is good already is to stay as it is."""
    shaken: float = 0.0
    """Share of the others, screens left out, whose soft picture is the sharp one, blurred as by a hand that moves the
    camera (`data/camera_shake.py`)."""
    bordered: float = 0.0
    """Share of the patches beside which a hard edge is drawn, as black bars, tiles and slides have them."""
    all_turns: bool = True
    """Patches are mirrored, upended and transposed at random; false: only mirrored, as in the report."""
    scale_down_and_up: bool = False
    """Halves the soft picture and enlarges it again: the report's `simulate_vc`."""
    variants: int = 2
    """How many different clips are cut from each photo for each level, where pairs have to be made."""

    seed: int = 0
    validate_every: int = 2000
    save_every: int = 2000
    validation_crops: int = 128

    def __post_init__(self) -> None:
        for name, accepted in _CHOICES.items():
            if getattr(self, name) not in accepted:
                raise RecipeError(
                    f"The recipe's {name} is '{getattr(self, name)}'; accepted are {', '.join(accepted)}."
                )
        for name in (*_AT_LEAST_ONE, *_NOT_NEGATIVE, "steps", "epochs", "seed"):
            if not isinstance(getattr(self, name), (int, float)):
                raise RecipeError(f"The recipe's {name} is {getattr(self, name)!r}; it must be a number.")
        for name in _AT_LEAST_ONE:
            if getattr(self, name) < 1:
                raise RecipeError(f"The recipe's {name} is {getattr(self, name)}; it must be at least 1.")
        for name in _NOT_NEGATIVE:
            if getattr(self, name) < 0:
                raise RecipeError(f"The recipe's {name} is {getattr(self, name)}; it must not be negative.")
        if 0 < self.patch_px < 16:
            raise RecipeError(f"The recipe's patch_px is {self.patch_px}; accepted are 0 (whole) and 16 or more.")
        if (self.steps > 0) == (self.epochs > 0):
            raise RecipeError("The recipe needs either steps or epochs, at least 1.")
        if self.epochs and self.mix is not None:
            raise RecipeError("The recipe has both epochs and a mix; a mix has no epochs, so give steps.")
        if unknown := sorted(set(self.crisp) - set(CRISP_TERMS)):
            raise RecipeError(f"The recipe's crisp has {', '.join(unknown)}; accepted are {', '.join(CRISP_TERMS)}.")
        if bool(self.crisp) != (self.size.get("looks", 1) == 2):
            raise RecipeError("The recipe has a crisp table without looks = 2 in its size, or the other way round.")
        if (self.answered or self.unlabelled or self.crisp.get("teacher")) and not self.labels:
            raise RecipeError("The recipe learns from a restoration teacher's answers; name the teacher with labels.")
        try:
            Taming(**self.taming)
        except TypeError as error:
            raise RecipeError(f"The recipe's taming is not complete: {error}.") from error
        if self.mix is not None and not (sum(self.mix.values()) > 0 and min(self.mix.values()) >= 0):
            raise RecipeError("The recipe's mix must give levels shares of at least 0, and one of them more.")

    @property
    def domain(self) -> Domain:
        """The planes that the network works on."""
        return NETWORKS[self.network].domain_of(self.size)

    @property
    def needs_teacher(self) -> bool:
        """A loss term looks at a teacher that is a student's like, and not at answers that were kept."""
        return (self.teacher_weight > 0 and not self.labels) or self.feature_weight > 0

    def share(self, workers: int) -> int:
        """The number of patches of a batch that each of some workers gets.

        Raises:
            RecipeError: the batch has no equal parts.
        """
        if self.batch % workers:
            raise RecipeError(f"A batch of {self.batch} cannot be shared by {workers} workers in equal parts.")
        return self.batch // workers

    def unit(self, pairs: int) -> int:
        """Steps in what `decay_every`, `validate_every` and `save_every` count."""
        return -(-pairs // self.batch) if self.epochs else 1

    def total_steps(self, pairs: int) -> int:
        """Steps of the whole run on so many training pairs."""
        return self.epochs * self.unit(pairs) if self.epochs else self.steps

    def as_dict(self) -> dict[str, Any]:
        """Plain values, to store beside weights."""
        return asdict(self)


def recipe_names() -> list[str]:
    """The recipes that ship."""
    return sorted(path.stem for path in RECIPES.glob("*.toml"))


def read_recipe(name_or_path: str | Path) -> Recipe:
    """Reads a recipe that ships, by name, or one from a file.

    Raises:
        RecipeError: the file is missing, is no TOML, or has a key or a value that no recipe has.
    """
    path = RECIPES / f"{name_or_path}.toml" if str(name_or_path) in recipe_names() else Path(name_or_path)
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RecipeError(
            f"The recipe '{path}' cannot be read: {error.strerror or error}. Shipped are {', '.join(recipe_names())}."
        ) from error
    except ValueError as error:
        raise RecipeError(f"The recipe '{path}' is not valid TOML: {error}.") from error
    unknown = sorted(set(table) - {field.name for field in fields(Recipe)})
    if unknown:
        raise RecipeError(f"The recipe '{path}' has keys that no recipe has: {', '.join(unknown)}.")
    try:
        return Recipe(**table)
    except TypeError as error:
        raise RecipeError(f"The recipe '{path}' is incomplete: {error}.") from error
