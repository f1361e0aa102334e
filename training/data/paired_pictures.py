"""Pictures that pair up on disk: one moment, soft in blur/ and sharp in sharp/, under one name.

A sequence is a folder that holds both. `blur_gamma/` and other folders beside them are left alone; hidden files are
nobody's data.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ...models.wording import first_few
from ..errors import DataError

SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")
SIDES = ("blur", "sharp")


class ImagePair(NamedTuple):
    """One moment in two files of one name, whatever their suffixes."""

    blur: Path
    sharp: Path


def sequence_folders(root: Path) -> list[Path]:
    """The folder itself where it holds blur/ or sharp/, else those of its folders that do; empty if it is not there."""
    if not root.is_dir():
        return []
    candidates = [root] if _has_a_side(root) else visible(root)
    return [folder for folder in candidates if _has_a_side(folder)]


def pair_up(sequences: Sequence[Path], below: Path) -> dict[Path, tuple[ImagePair, ...]]:
    """The pairs of each sequence, in order of their names; reads directories only.

    Args:
        sequences: as `sequence_folders` returns them.
        below: the folder that errors name files from.

    Raises:
        DataError: a side is missing or empty, two files on a side have one name, or a file has no partner.
    """
    paired: dict[Path, tuple[ImagePair, ...]] = {}
    lonely: list[str] = []
    for sequence in sequences:
        blur, sharp = (_pictures(sequence / side) for side in SIDES)
        paired[sequence] = tuple(ImagePair(blur[stem], sharp[stem]) for stem in sorted(blur.keys() & sharp.keys()))
        alone = sorted(blur.keys() ^ sharp.keys())
        lonely += [str((blur.get(stem) or sharp[stem]).relative_to(below)) for stem in alone]
    if lonely:
        total = len(lonely) + 2 * sum(map(len, paired.values()))
        raise DataError(
            f"In '{below}', {len(lonely)} of {total} pictures have no partner of the same name "
            f"in the blur/ or sharp/ beside them ({first_few(lonely)}); add the partners, or remove the pictures."
        )
    return paired


def pair_sizes(pairs: Sequence[ImagePair], below: Path) -> list[tuple[int, int]]:
    """(height, width) of each pair in pixels; reads headers only.

    Args:
        below: the folder that errors name files from.

    Raises:
        DataError: a file cannot be read or has more than 8 bits a sample, or the files of a pair differ in size.
    """
    sizes = [(_size(pair.blur), _size(pair.sharp)) for pair in pairs]
    unequal = [
        f"{pair.blur.relative_to(below)} {_as_text(blur)} and {_as_text(sharp)}"
        for pair, (blur, sharp) in zip(pairs, sizes, strict=True)
        if blur != sharp
    ]
    if unequal:
        raise DataError(
            f"In '{below}', {len(unequal)} of {len(pairs)} pairs have a blur and a sharp picture of unequal size "
            f"({first_few(unequal)}); give both the same size, or remove them."
        )
    return [size for size, _ in sizes]


def read_rgb(file: Path) -> np.ndarray:
    """A picture as uint8 [H, W, 3]; transparency is dropped.

    Raises:
        DataError: it cannot be read, or has more than 8 bits a sample.
    """
    with _opened(file) as image:
        return np.array(image.convert("RGB"))


def visible(folder: Path) -> list[Path]:
    """The entries of a folder that are not hidden, in order."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _has_a_side(folder: Path) -> bool:
    return any((folder / side).is_dir() for side in SIDES)


def _pictures(folder: Path) -> dict[str, Path]:
    """The picture files in a folder by their stems."""
    if not folder.is_dir():
        raise DataError(f"'{folder}' is missing beside the other half of its pairs; add it.")
    found: dict[str, Path] = {}
    for file in visible(folder):
        if file.suffix.lower() in SUFFIXES:
            if file.stem in found:
                raise DataError(f"'{found[file.stem]}' and '{file.name}' beside it have one name; remove one of them.")
            found[file.stem] = file
    if not found:
        raise DataError(f"'{folder}' holds no pictures (looked for {' '.join(SUFFIXES)}); fill it or remove it.")
    return found


def _size(file: Path) -> tuple[int, int]:
    """(height, width) from a picture's header."""
    with _opened(file) as image:
        return image.height, image.width


@contextmanager
def _opened(file: Path) -> Iterator[Image.Image]:
    """A picture whose pixels are not decoded yet; errors of decoding them are caught too."""
    try:
        with Image.open(file) as image:
            if image.mode.startswith(("I", "F")):
                raise DataError(f"'{file}' has more than 8 bits a sample; save it, and its partner, with 8.")
            yield image
    except DataError:  # it is a ValueError
        raise
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:  # SyntaxError: a damaged PNG
        raise DataError(f"'{file}' cannot be read as a picture; replace it, or remove it and its partner.") from error


def _as_text(size: tuple[int, int]) -> str:
    return f"{size[1]}×{size[0]}"
