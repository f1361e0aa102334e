"""A cache of crops as version 0.1 made it, as training pairs; and what a teacher makes of any cache's pictures."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from torch import Tensor

from ...models.planes.colour import yuv_to_rgb
from ...pipeline.atomic import publish, remove_leftovers, temporary_name
from ..errors import DataError
from .pair_set import Domain, Split, Window

INDEX = "windows.json"
"""Of a cache of windows (`window_cache.py`)."""


@dataclass(frozen=True)
class CropCache:
    """Crops as `pairs` describes them, memory-mapped: uint8 [N, 384, 256] each."""

    folder: Path
    split: Split
    soft: np.ndarray
    sharp: np.ndarray
    levels: Sequence[str]
    sources: Sequence[str]

    def size(self, index: int) -> tuple[int, int]:
        """All crops are square."""
        return (self.soft.shape[2], self.soft.shape[2])

    def filmed(self, index: int) -> bool:
        """As `PairSet.filmed`: these caches do not tell."""
        return True

    def centre(self, index: int) -> np.ndarray:
        """The soft picture that a teacher looks at, uint8 [384, 256]."""
        return self.soft[index]

    def patch(self, index: int, domain: Domain, window: Window) -> tuple[Tensor, Tensor]:
        """As `PairSet.patch`; RGB by BT.601."""
        soft, sharp = (window.turn(cut_i420(kind[index], domain, window)) for kind in (self.soft, self.sharp))
        return soft, sharp


def open_crop_cache(folder: Path, split: Split) -> CropCache:
    """Opens one split of a cache.

    Raises:
        DataError: no cache there, or its files do not pair up.
    """
    try:
        index = json.loads((folder / f"{split}.json").read_text("utf-8"))
        soft, sharp = (np.load(folder / f"{split}_{kind}.npy", mmap_mode="r") for kind in ("soft", "sharp"))
        levels, sources = ([str(row[key]) for row in index] for key in ("level", "source"))
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DataError(f"'{folder}' holds no '{split}' pairs, or not whole; build windows again.") from error
    if not len(index) == len(soft) == len(sharp) > 0:
        raise DataError(f"'{folder}' has {len(soft)} soft and {len(sharp)} sharp '{split}' crops; they must pair up.")
    return CropCache(folder, split, soft, sharp, levels, sources)


@runtime_checkable
class TaughtCache(Protocol):
    """A set of pairs whose teacher's answers are kept beside it."""

    @property
    def folder(self) -> Path:
        """The folder that they are kept in."""
        ...

    @property
    def split(self) -> Split:
        """Part of their names."""
        ...

    @property
    def levels(self) -> Sequence[str]:
        """One for each picture."""
        ...

    def centre(self, index: int) -> np.ndarray:
        """The soft picture that a teacher looks at: uint8, I420, square."""
        ...


@dataclass(frozen=True)
class TaughtCrops:
    """A teacher's answers to all pictures of a cache, memory-mapped: float16 [N, 1 or 3, H, W]."""

    pictures: np.ndarray

    @property
    def answered(self) -> Sequence[int]:
        """All of them."""
        return range(len(self.pictures))

    def picture(self, index: int, known: bool = True) -> np.ndarray:
        """As `Answers.picture`; no original is looked at."""
        return self.pictures[index].astype(np.float32)


def taught_crops(
    cache: TaughtCache, domain: Domain, teacher_key: str, teach: Callable[[Tensor], Tensor], say: Callable[[str], None]
) -> TaughtCrops:
    """A teacher's answer to each soft crop, computed once and kept.

    Args:
        teacher_key: tells teachers apart, such as the digest of the weights.
        teach: float32 [N, C, H, W] in 0..1 to the same.
        say: told how far it has come.

    Raises:
        OutputError: the cache cannot be written.
    """
    path = cache.folder / f"{cache.split}_taught_{domain}_{teacher_key[:12]}.npy"
    index = next(file for file in (cache.folder / f"{cache.split}.json", cache.folder / INDEX) if file.is_file())
    made = index.stat().st_mtime
    if not path.exists() or path.stat().st_mtime < made:  # the crops may have been made again
        remove_leftovers(cache.folder)
        part = temporary_name(path)  # training on other machines may teach into the same cache
        side, count = cache.centre(0).shape[1], len(cache.levels)
        shape = (count, 1 if domain == "luma" else 3, side, side)
        out = np.lib.format.open_memmap(part, "w+", np.float16, shape)
        for index in range(count):
            if index % 500 == 0:
                say(f"the teacher looks at crop {index} of {count}")
            soft = cut_i420(cache.centre(index), domain, Window(0, 0, side, side))
            out[index] = teach(soft[None])[0].numpy().astype(np.float16)
        out.flush()
        publish(part, path)
    return TaughtCrops(np.load(path, mmap_mode="r"))


def cut_i420(i420: np.ndarray, domain: Domain, window: Window) -> Tensor:
    """One window of an I420 crop, not turned yet: float32 [1 or 3, height, width] in 0..1.

    RGB is cut with the chroma around it that interpolation looks at, so that it is a window of the whole picture's RGB.
    """
    side, (top, left, height, width) = i420.shape[1], (window.top, window.left, window.height, window.width)
    if domain == "luma":
        return torch.from_numpy(i420[:side][top : top + height, left : left + width].astype(np.float32) / 255)[None]
    y0, x0 = max(top // 2 - 1, 0), max(left // 2 - 1, 0)
    y1, x1 = min((top + height + 1) // 2 + 1, side // 2), min((left + width + 1) // 2 + 1, side // 2)
    chroma = i420[side:].reshape(2, side // 2, side // 2)[:, y0:y1, x0:x1].astype(np.float32)
    luma = i420[:side][2 * y0 : 2 * y1, 2 * x0 : 2 * x1].astype(np.float32)
    y, u, v = (torch.from_numpy(p) for p in (luma, chroma[0], chroma[1]))
    rgb = yuv_to_rgb(y, u, v, matrix="bt601", full_range=False, bit_depth=8, chroma_left=True)[0].clamp_(0, 1)
    return rgb[:, top - 2 * y0 :, left - 2 * x0 :][:, :height, :width]
