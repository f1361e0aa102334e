"""A restoration teacher's answers to a cache's soft pictures: one grey PNG for each window that it looked at.

    CACHE/labels/TEACHER/PART/WINDOW.png

The answers lie there as the teacher gave them; taming them (`taming.py`) is part of a recipe, so it costs nothing to
try another way. Windows without an answer train on their originals alone.
"""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from ...pipeline.atomic import make_folder, write_atomically
from ..errors import DataError
from ..loss.taming import Taming, tamed
from .window_cache import CROP, RADIUS, WindowCache

LABELS = "labels"
"""The folder inside a cache."""
BEYOND_SOFT = 0.5
"""At least so far beyond the soft picture's local range an answer may go: that is narrower than an original's."""


@dataclass(frozen=True)
class Labels:
    """A teacher's answers to some windows of one split, tamed."""

    cache: WindowCache
    taming: Taming
    files: Mapping[int, Path]
    """By window, rising."""
    _tamed: dict[tuple[int, bool], np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    @property
    def answered(self) -> Sequence[int]:
        """The windows that it looked at."""
        return list(self.files)

    def picture(self, index: int, known: bool = True) -> np.ndarray:
        """The answer to a window's centre, as far as it may be believed: float32 [1, 192, 192] in 0..1.

        Args:
            known: whether it is tamed by the original, or by the soft picture.

        Raises:
            DataError: the file does not hold an answer.
        """
        kept = self._tamed.get((index, known))
        if kept is None:  # 37 KB each
            soft, sharp = (pictures[RADIUS, :CROP] for pictures in self.cache.planes(index))
            answer = _read(self.files[index])
            taming = self.taming if known else replace(self.taming, beyond=max(self.taming.beyond, BEYOND_SOFT))
            kept = self._tamed[index, known] = tamed(answer, sharp if known else soft, taming)
        return kept[None].astype(np.float32) / 255


def label_file(folder: Path, part: str, window: int) -> Path:
    """The file with the answer to a window of a part, below a teacher's folder."""
    return folder / Path(part).stem / f"{window:02d}.png"


def open_labels(cache: WindowCache, teacher: str, taming: Taming) -> Labels:
    """The answers of a teacher that lie in a cache.

    Raises:
        DataError: there are none.
    """
    folder = cache.folder / LABELS / teacher
    files: dict[int, Path] = {}
    first = 0
    for part in cache.parts:
        of_part = sorted((folder / Path(part.file).stem).glob("[0-9][0-9].png"))
        files |= {first + int(file.stem): file for file in of_part}
        first += len(part.ages)
    if not files:
        raise DataError(
            f"'{folder}' holds no answers of a teacher; make them with "
            f"python -m vidsharp.training.label_windows {cache.folder} --teacher {teacher}, or take a recipe without "
            "labels, such as 'originals'."
        )
    return Labels(cache, taming, files)


def save_label(path: Path, luma: np.ndarray) -> None:
    """Writes an answer, uint8 [192, 192], whole or not at all."""
    make_folder(path.parent)
    buffer = io.BytesIO()
    Image.fromarray(luma).save(buffer, "png")
    write_atomically(path, buffer.getvalue())


def _read(file: Path) -> np.ndarray:
    try:
        with Image.open(file) as picture:
            luma = np.asarray(picture)
    except (OSError, ValueError) as error:
        raise DataError(f"'{file}' is no picture: {error}; remove it, and label the windows again.") from error
    if luma.shape != (CROP, CROP) or luma.dtype != np.uint8:
        raise DataError(f"'{file}' holds {luma.dtype} {luma.shape}, no grey picture of {CROP}×{CROP}.")
    return luma
