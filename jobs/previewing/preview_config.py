"""The settings of a preview: which few seconds, and which settings of a run they are sharpened with."""

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path

from ...models.gpu.settings import HwAccelWord
from ...models.nets.catalogue import called, check_model, chroma_of, look_of
from ...models.nets.chroma_choice import Chroma
from ...models.nets.look import at_looks, named_at
from ..config import ProcessConfig, UsageError, check_chroma, check_looks, check_part
from ..engine.engines import DEFAULT_ENGINE, EngineName
from ..estimating.estimate_config import EstimateConfig

MOST_SETTINGS = 6
"""Of more, nobody can see which is which."""


@dataclass(frozen=True)
class Setting:
    """What a run would be told, of that which changes how pictures look."""

    model: str
    look: float | None
    strength: float
    chroma: Chroma | None
    asked_look: float | None = None
    """As it was asked for: a student with one look has None, whatever was asked."""

    def takes_as_long_as(self, other: "Setting") -> bool:
        """Whether the same is computed: looks and strengths are a blend of weights and of pictures."""
        same = self.model == other.model and self.chroma == other.chroma
        return same and (self.strength == 0) == (other.strength == 0)

    @property
    def name(self) -> str:
        """Short, such as `fast crisp`, or `fast ×0.5 +chroma`."""
        student = Path(self.model).stem if self.model.endswith((".safetensors", ".pth", ".pt", ".onnx")) else self.model
        named = named_at(student, self.asked_look)
        strength = "" if self.strength == 1 else f" ×{self.strength:g}"
        return f"{named}{strength}{' +chroma' if self.chroma == 'restore' else ''}"


@dataclass(frozen=True)
class PreviewConfig:
    """Everything `vidsharp preview` takes; the defaults are the command's.

    Raises:
        UsageError: a value out of range.
    """

    inputs: tuple[Path, ...]
    """Recordings, and folders of recordings, as `process` would take them."""
    out: Path
    """Folder for what is made; an earlier preview there is replaced."""
    start: float | None = None
    """Where the part begins, in seconds since the recording's beginning; None: so that it is in the middle."""
    seconds: float = 5.0
    """How long the part is."""
    clips: int = 3
    """Of how many recordings a part is shown, at most, spread evenly over all."""
    models: tuple[str, ...] = ("fast",)
    looks: tuple[float, ...] = ()
    """Of each student, 0 (natural) to 1 (crisp); empty: its own default."""
    strengths: tuple[float, ...] = (1.0,)
    chroma: Chroma | None = None
    price: float | None = None
    """What an hour of this machine costs, in any currency."""
    device: str = "auto"
    hwaccel: HwAccelWord = "none"
    workers: int | None = None
    address: str | None = None
    engine: EngineName = DEFAULT_ENGINE
    encoder: str | None = None
    crf: float | None = None
    preset: str | None = None
    encoder_options: Mapping[str, str] = field(default_factory=dict)
    skip_sharp: bool = False
    max_growth: float | None = None
    target_quality: float | None = None
    staging: Path | None = None

    def __post_init__(self) -> None:
        if not (self.models and self.strengths):
            raise UsageError("name at least one --model and one --strength")
        if not (math.isfinite(self.seconds) and 0.1 <= self.seconds <= 60):
            raise UsageError(f"--seconds {self.seconds:g} is out of range: 0.1 to 60")
        if self.clips < 1:
            raise UsageError(f"--clips {self.clips} is too few: at least 1")
        if self.price is not None and not (math.isfinite(self.price) and self.price >= 0):
            raise UsageError(f"--price {self.price:g} is no price of an hour")
        check_part(self.start, None)
        check_looks(self.looks)
        check_chroma(self.chroma)
        for strength in self.strengths:
            self.run_with(Setting(self.models[0], None, strength, None))

    def settings(self) -> tuple[Setting, ...]:
        """All settings, each once, in the order in which they were named.

        Raises:
            UsageError: there are too many, or two have one name.
            ModelError, CheckpointError: a student is not there, or has no such look.
        """
        found: dict[Setting, None] = {}
        for model, look, chroma in at_looks([called(model) for model in self.models], self.looks, self.chroma):
            check_model(model)
            chosen = look_of(model, look), chroma_of(model, chroma)
            for strength in self.strengths:
                found[Setting(model, chosen[0], strength, chosen[1], look)] = None
        if len(found) > MOST_SETTINGS:
            raise UsageError(f"{len(found)} settings are too many to see side by side: at most {MOST_SETTINGS}")
        named = Counter(setting.name for setting in found)
        twice = next((name for name, times in named.items() if times > 1), None)
        if twice is not None:
            raise UsageError(f"two settings would both be called {twice!r}: rename one of the checkpoint files")
        return tuple(found)

    def run_with(self, setting: Setting) -> EstimateConfig:
        """The run over whole recordings that a setting stands for, as an estimate takes it."""
        own = {each.name for each in fields(self)} & {each.name for each in fields(ProcessConfig)}
        same = {name: getattr(self, name) for name in own - {"out", "start", "chroma"}}
        return EstimateConfig(
            **same, model=setting.model, look=setting.look, strength=setting.strength, chroma=setting.chroma
        )
