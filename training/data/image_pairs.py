"""Training pairs that lie on disk as pictures: GOPRO_Large, folders of sequences, or one blur/ beside one sharp/.

A sequence is on one side of the split as a whole: frames next to each other are nearly the same picture.
"""

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from ...models.planes.colour import rgb_to_code_steps
from ..errors import DataError
from .pair_set import Domain, Split, Window
from .paired_pictures import ImagePair, pair_sizes, pair_up, read_rgb, sequence_folders

BLACK = 16
"""The 8-bit limited-range code of black, ITU-R BT.601-7 §2.5.3."""


@dataclass(frozen=True)
class ImagePairs:
    """A `PairSet` of pictures that are decoded when a window of them is asked for."""

    files: Sequence[ImagePair]
    sizes: Sequence[tuple[int, int]]
    """(height, width) of each pair in pixels."""
    levels: Sequence[str]
    """`blur` for each pair."""
    sources: Sequence[str]
    """The sequence of each pair."""

    def size(self, index: int) -> tuple[int, int]:
        """(height, width) of a pair in pixels."""
        return self.sizes[index]

    def filmed(self, index: int) -> bool:
        """As `PairSet.filmed`: such pairs come from cameras."""
        return True

    def patch(self, index: int, domain: Domain, window: Window) -> tuple[Tensor, Tensor]:
        """(soft, sharp) in a window: float32 [1 or 3, height, width] in 0..1, turned.

        Luma is what a call's limited-range BT.601 stream has (16/255 for black, 235/255 for white), not rounded.

        Raises:
            DataError: a picture cannot be decoded.
        """
        soft, sharp = (_cut(_decode(file), domain, window) for file in self.files[index])
        return soft, sharp


def holds_image_pairs(folder: Path) -> bool:
    """Whether a folder is laid out as `open_image_pairs` reads it; looks for blur/ alone, not at pictures."""
    return any((sequence / "blur").is_dir() for sequence in sequence_folders(_root(folder)))


def open_image_pairs(folder: Path, split: Split, validation_share: float = 0.1) -> ImagePairs:
    """Opens one split of a folder of paired pictures: all names are checked, and this split's headers.

    Accepts FOLDER/train/SEQUENCE/{blur,sharp} (GOPRO_Large; other folders beside train/ are left alone),
    FOLDER/SEQUENCE/{blur,sharp} and FOLDER/{blur,sharp}. In the last, `CLIP_0001` and `CLIP-0002` are of one sequence
    CLIP, and a name without such a number is a sequence of its own. Two pictures pair up by name, whatever their
    suffixes.

    Args:
        validation_share: share of the sequences that validation gets, in 0..1; at least one, and never all.

    Raises:
        DataError: no such layout, names that do not pair up, pictures that cannot be read or are of unequal size, or
            a single sequence, which training gets.
    """
    pairs = _pairs(folder)
    held_back = _validation_sequences({source for source, _ in pairs}, validation_share)
    chosen = [pair for pair in pairs if (pair[0] in held_back) == (split == "val")]
    if not chosen:
        raise DataError(
            f"'{folder}' holds a single sequence, '{pairs[0][0]}', and training needs it; "
            "add another one to validate with (in a flat folder: another name before the pictures' numbers)."
        )
    files = [pair for _, pair in chosen]
    return ImagePairs(files, pair_sizes(files, folder), ["blur"] * len(files), [source for source, _ in chosen])


def _pairs(folder: Path) -> list[tuple[str, ImagePair]]:
    """(sequence, pair) of all pairs, in order of their names; reads directories only."""
    root = _root(folder)
    sequences = sequence_folders(root)
    if not sequences:
        raise DataError(
            f"'{folder}' holds no paired pictures; expected are train/SEQUENCE/blur and train/SEQUENCE/sharp in it "
            "(as in GOPRO_Large), or SEQUENCE/blur and SEQUENCE/sharp, or blur and sharp."
        )
    return [
        (_clip(pair.blur.stem) if sequence == root else sequence.name, pair)
        for sequence, pairs in pair_up(sequences, folder).items()
        for pair in pairs
    ]


def _root(folder: Path) -> Path:
    """Where sequences lie: in train/, where there is one."""
    return folder / "train" if (folder / "train").is_dir() else folder


def _clip(stem: str) -> str:
    """The name of the clip that a numbered frame is from."""
    match = re.fullmatch(r"(.+)[_-]\d+", stem)
    return match[1] if match else stem


def _validation_sequences(sequences: Iterable[str], share: float) -> set[str]:
    """Those with the lowest hashes, which are the same on every machine; none of a single one."""
    if not 0 < share < 1:
        raise DataError(f"The share of validation must lie between 0 and 1, and is {share}.")
    ranked = sorted(sequences, key=lambda name: (zlib.crc32(name.encode()), name))
    return set(ranked[: min(max(round(share * len(ranked)), 1), len(ranked) - 1)])


@lru_cache(maxsize=4)
def _decode(file: Path) -> np.ndarray:
    """RGB, uint8 [H, W, 3]; the last few are kept, since validation cuts several windows of one pair."""
    return read_rgb(file)


def _cut(picture: np.ndarray, domain: Domain, window: Window) -> Tensor:
    """A window of uint8 [H, W, 3] as the float that `ImagePairs.patch` describes."""
    rows = slice(window.top, window.top + window.height)
    columns = slice(window.left, window.left + window.width)
    rgb = torch.from_numpy(picture[rows, columns]).permute(2, 0, 1) / 255
    if domain == "luma":
        steps = rgb_to_code_steps(rgb[None], None, matrix="bt601", full_range=False, bit_depth=8, chroma_left=True)
        rgb = (steps[0][None] + BLACK) / 255
    return window.turn(rgb).contiguous()
