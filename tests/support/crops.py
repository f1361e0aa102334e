"""Small training data for tests: pairs that a student can learn from within seconds, a teacher, and quick recipes."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from skimage import data, filters
from torch import Tensor
from vidsharp.training.data.crop_cache import CropCache, open_crop_cache
from vidsharp.training.data.pair_set import PairSet
from vidsharp.training.loss.perceptual import vgg16_features
from vidsharp.training.recipe import Recipe

from tests.support.students import random_teacher

BLEND = Recipe(
    network="blend",
    steps=6,
    batch=2,
    patch_px=32,
    learning_rate=1e-3,
    warmup_steps=2,
    validate_every=3,
    save_every=3,
    validation_crops=2,
    size={"bands": 2, "width": 8, "depth": 1},
)
REFERENCE = replace(BLEND, network="reference", size={}, patch_px=16)
SWINIR = replace(
    BLEND,
    network="swinir",
    size={"in_chans": 1, "img_size": 16, "embed_dim": 8, "depths": [2], "num_heads": [2]},
)
LEVELS = ("light", "heavy")


def write_cache(folder: Path, train: int = 6, val: int = 3) -> Path:
    """A cache as version 0.1 made it: crops of photos, blurred a little or more by level."""
    folder.mkdir(parents=True, exist_ok=True)
    photo = data.astronaut()
    rng = np.random.default_rng(0)
    for split, count in (("train", train), ("val", val)):
        sharp = np.stack([_i420(photo, int(y), int(x)) for y, x in rng.integers(0, 256, (count, 2))])
        levels = [LEVELS[i % 2] for i in range(count)]
        soft = np.stack([_blurred(crop, 0.8 if lv == "light" else 1.4) for crop, lv in zip(sharp, levels, strict=True)])
        np.save(folder / f"{split}_sharp.npy", sharp)
        np.save(folder / f"{split}_soft.npy", soft)
        rows = [{"level": level, "source": f"{split}{i % 3}"} for i, level in enumerate(levels)]
        (folder / f"{split}.json").write_text(json.dumps(rows))
    return folder


def open_both(folder: Path) -> tuple[CropCache, CropCache]:
    """(training pairs, validation pairs)."""
    return open_crop_cache(folder, "train"), open_crop_cache(folder, "val")


def write_teacher(path: Path, channels: int = 1) -> Path:
    """Weights of a tiny teacher that changes pictures."""
    save_file(random_teacher(channels).state_dict(), path)
    return path


def write_vgg(path: Path) -> Path:
    """A VGG16 of random weights under torchvision's names."""
    torch.manual_seed(0)
    save_file({f"features.{name}": value for name, value in vgg16_features().state_dict().items()}, path)
    return path


def whole_state(state: object, place: str = "state") -> dict[str, object]:
    """A trainer's state as one flat dict, for comparing: tensors by their places in it."""
    if isinstance(state, dict):
        parts = [whole_state(value, f"{place}.{key}") for key, value in state.items()]
        return {key: value for part in parts for key, value in part.items()}
    return {place: state}


def differing(first: object, second: object) -> list[str]:
    """Places where two states are not equal to the last bit."""
    one, two = whole_state(first), whole_state(second)
    return sorted(one.keys() ^ two.keys()) + [key for key in one.keys() & two.keys() if not _equal(one[key], two[key])]


def without_seconds(table: Path) -> list[str]:
    """The lines of a `loss.csv` without how long it took."""
    return [",".join(line.split(",")[:1] + line.split(",")[2:]) for line in table.read_text().splitlines()]


def _equal(one: object, two: object) -> bool:
    return torch.equal(one, two) if isinstance(one, Tensor) and isinstance(two, Tensor) else one == two


def _i420(photo: np.ndarray, top: int, left: int) -> np.ndarray:
    crop = photo[top : top + 256, left : left + 256].astype(np.float32)
    luma = crop @ np.array([0.257, 0.504, 0.098], np.float32) + 16
    halved = crop.reshape(128, 2, 128, 2, 3).mean(axis=(1, 3)) / 255 - 0.5
    chroma = np.stack([halved[..., 2] - halved[..., 1], halved[..., 0] - halved[..., 1]]) * 60 + 128
    return np.concatenate([luma, chroma.reshape(128, 256)]).round().clip(0, 255).astype(np.uint8)


def _blurred(i420: np.ndarray, sigma: float) -> np.ndarray:
    luma = filters.gaussian(i420[:256].astype(np.float32), sigma)
    return np.concatenate([luma.round().astype(np.uint8), i420[256:]])


class Unequal:
    """A `PairSet` of flat pictures of given sizes."""

    def __init__(self, *sizes: tuple[int, int]) -> None:
        self.sizes = sizes
        self.levels = ["light"] * len(sizes)
        self.sources = [f"s{i}" for i in range(len(sizes))]

    def size(self, index: int) -> tuple[int, int]:
        return self.sizes[index]

    def filmed(self, index: int) -> bool:
        return True

    def patch(self, index: int, domain: str, window: object) -> tuple[Tensor, Tensor]:
        """Whole pictures, whose numbers are their places."""
        height, width = self.sizes[index]
        picture = torch.linspace(0, 1, height * width).view(1, height, width)
        turned = window.turn(picture)  # type: ignore[attr-defined]
        return turned, turned


def as_pairs(pairs: Unequal) -> PairSet:
    return pairs


class Filmed:
    """A set of pairs of which some show a screen."""

    def __init__(self, pairs: CropCache, screens: set[int]) -> None:
        self.pairs, self.screens = pairs, screens
        self.levels, self.sources = pairs.levels, pairs.sources
        self.size, self.patch = pairs.size, pairs.patch

    def filmed(self, index: int) -> bool:
        return index not in self.screens
