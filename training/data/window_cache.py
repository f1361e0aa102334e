"""The cache of windows that `build_windows` built, as a set of training pairs.

A window is some consecutive pictures, soft and sharp, and two soft ones that lie far away. Whoever trains on single
pictures sees its centre. The cache is `windows.json` beside `parts/*.npy`, memory-mapped: uint8 [N, pictures, 288,
192], I420 pictures of 192×192 as PyAV lays them out.
"""

import io
import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from ..errors import DataError
from .crop_cache import INDEX, cut_i420
from .pair_set import Domain, Split, Window
from .sharp_sequences import is_screen

CROP = 192
RADIUS = 2
"""Soft and sharp pictures before and after the centre."""
FAR = (8, 30)
"""About so many pictures away are the two far ones."""
NEAR = 2 * RADIUS + 1
PICTURES = NEAR + len(FAR) + NEAR
"""Soft neighbours in order, the far ones, sharp neighbours in order."""
PARTS = "parts"
"""The folder of the parts' files."""


@dataclass(frozen=True)
class Part:
    """The windows of one sequence."""

    file: str
    source: str
    kind: str
    """`photo`, `clip` or `screen`."""
    level: str
    ages: list[int]
    """Pictures from the line's last keyframe to each centre."""

    @property
    def subject(self) -> Literal["camera", "screen"]:
        """The kind of thing that it shows: a clip may be of either."""
        return "screen" if self.kind == "screen" or (self.kind == "clip" and is_screen(Path(self.source))) else "camera"


@dataclass(frozen=True)
class WindowCache:
    """One split of a cache."""

    folder: Path
    split: Split
    parts: Sequence[Part]
    levels: Sequence[str]
    sources: Sequence[str]
    ends: Sequence[int]
    """Windows up to and with each part."""

    def size(self, index: int) -> tuple[int, int]:
        """All windows are square."""
        return CROP, CROP

    def filmed(self, index: int) -> bool:
        """As `PairSet.filmed`."""
        return self.part_of(index).subject == "camera"

    def patch(self, index: int, domain: Domain, window: Window) -> tuple[Tensor, Tensor]:
        """As `PairSet.patch`, of the centre; RGB by BT.601."""
        pictures = self._pictures(index)
        soft, sharp = pictures[RADIUS], pictures[NEAR + len(FAR) + RADIUS]
        return window.turn(cut_i420(soft, domain, window)), window.turn(cut_i420(sharp, domain, window))

    def neighbours(
        self, index: int, domain: Domain, window: Window, radius: int, far: int = 0
    ) -> tuple[Tensor, Tensor]:
        """(soft, sharp) of a whole window: float32 [2·radius + 1 + far, 1 or 3, height, width] and [2·radius + 1, …] in
        0..1, turned alike; the far pictures come last.

        Raises:
            DataError: the cache holds fewer pictures around the centre, or fewer far ones.
        """
        if radius > RADIUS or far > len(FAR):
            raise DataError(f"The windows in '{self.folder}' reach {RADIUS} pictures and {len(FAR)} far ones, no more.")
        pictures = self._pictures(index)
        near = range(RADIUS - radius, RADIUS + radius + 1)
        soft = [pictures[i] for i in (*near, *range(NEAR, NEAR + far))]
        sharp = [pictures[NEAR + len(FAR) + i] for i in near]
        stacked = (torch.stack([cut_i420(picture, domain, window) for picture in of]) for of in (soft, sharp))
        turned = [window.turn(pictures) for pictures in stacked]
        return turned[0], turned[1]

    def planes(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        """(soft, sharp) of the neighbours as they are stored: uint8 [5, 288, 192]."""
        pictures = self._pictures(index)
        return pictures[:NEAR], pictures[NEAR + len(FAR) :]

    def centre(self, index: int) -> np.ndarray:
        """The soft picture that a teacher looks at, uint8 [288, 192]."""
        return self._pictures(index)[RADIUS]

    def part_of(self, index: int) -> Part:
        """The part that a window lies in."""
        return self.parts[bisect_right(self.ends, index)]

    def _pictures(self, index: int) -> np.ndarray:
        place = bisect_right(self.ends, index)
        part = self.parts[place]
        return _opened(self.folder / PARTS / part.file)[index - self.ends[place] + len(part.ages)]


def open_window_cache(folder: Path, split: Split) -> WindowCache:
    """Opens one split of a cache.

    Raises:
        DataError: no cache there, a part is missing or was not written whole, or the split is empty.
    """
    try:
        rows = json.loads((folder / INDEX).read_text("utf-8"))["parts"]
        parts = [Part(**{k: v for k, v in row.items() if k != "split"}) for row in rows if row["split"] == split]
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise DataError(f"'{folder}' holds no windows; make them with vidsharp.training.build_windows.") from error
    for part in parts:
        if not is_whole(folder / PARTS, part):
            raise DataError(
                f"'{folder / PARTS / part.file}' is missing or was not written whole; make the windows again, it "
                "takes up the rest."
            )
    if not parts:
        raise DataError(f"'{folder}' has no '{split}' windows.")
    levels = [part.level for part in parts for _ in part.ages]
    sources = [part.source for part in parts for _ in part.ages]
    return WindowCache(folder, split, parts, levels, sources, list(accumulate(len(part.ages) for part in parts)))


def planes_of(i420: np.ndarray) -> list[np.ndarray]:
    """[Y, Cb, Cr], views of a window's picture."""
    return [i420[:CROP], *i420[CROP:].reshape(2, CROP // 2, CROP // 2)]


def is_whole(parts: Path, part: Part) -> bool:
    """Whether the file of a part has all its windows."""
    try:
        windows = np.load(parts / part.file, mmap_mode="r")
    except (OSError, ValueError, EOFError):
        return False
    return windows.shape == (len(part.ages), PICTURES, CROP * 3 // 2, CROP)


def part_bytes(windows: np.ndarray) -> bytes:
    """A part's file."""
    buffer = io.BytesIO()
    np.save(buffer, windows)
    return buffer.getvalue()


@lru_cache(maxsize=4096)  # mapped, not read: what is open costs addresses, and no memory
def _opened(file: Path) -> np.ndarray:
    return np.load(file, mmap_mode="r")
