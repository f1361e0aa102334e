"""Measurements of the students that ship, as `weights/NAME.json` holds them. Needs neither torch nor the weights."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import ModelError
from .catalogue import WEIGHTS


class Gain(NamedTuple):
    """Over doing nothing, mean over the clips of the evaluation, on luma."""

    psnr_db: float
    ssim: float


@dataclass(frozen=True)
class Card:
    """A student's figures. `None`, or a level that is missing: not measured."""

    name: str
    parameters: int | None = None
    gflop_1080p: float | None = None
    """For a frame of 1920×1080; a multiply-add counts as two."""
    ms_1080p: float | None = None
    gains: Mapping[str, Gain] = field(default_factory=dict)
    """By level of the simulated call; `calls` is the mean of light, medium and heavy."""
    trained_on: str | None = None
    licence: str | None = None


def read_card(name: str, folder: Path = WEIGHTS) -> Card:
    """The card of a shipped student; an empty one where no figures lie beside its weights.

    Raises:
        ModelError: the file is there but is no card.
    """
    path = folder / f"{name}.json"
    try:
        data: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return Card(name)
    except (OSError, ValueError) as error:
        raise ModelError(f"The model card '{path}' cannot be read: {error}.") from error
    try:
        gains = {str(level): Gain(float(db), float(ssim)) for level, (db, ssim) in data["gains"].items()}
        return Card(
            name=name,
            parameters=int(data["parameters"]),
            gflop_1080p=float(data["gflop_1080p"]),
            ms_1080p=float(data["ms_1080p"]),
            gains=gains,
            trained_on=str(data["trained_on"]),
            licence=str(data["licence"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelError(f"The model card '{path}' is not as vidsharp writes it ({error!r}).") from error
