"""Sources of an evaluation: sequences of images recorded blurred and sharp, or sharp clips."""

from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from av.error import FFmpegError

from ...models.open_media import open_media
from ..data.paired_pictures import ImagePair, pair_sizes, pair_up, sequence_folders, visible
from ..errors import DataError

SMALLEST_PX = 11
"""The window of SSIM must fit in."""


@dataclass(frozen=True)
class PairSequence:
    """Image pairs of one scene."""

    name: str
    pairs: tuple[ImagePair, ...]


@dataclass(frozen=True)
class SharpClip:
    """A clip that is sharp as it is, and is made soft to measure on."""

    name: str
    path: Path


def find_sources(
    data: Path, clip_suffixes: Sequence[str], exclude: Sequence[str] = ()
) -> tuple[PairSequence, ...] | tuple[SharpClip, ...]:
    """Finds the sources in a folder, and checks that they can be measured on before any work is done.

    Looks, in this order, for the test split of a GOPRO_Large folder (`test/SEQ/{blur,sharp}`), for `blur/` and `sharp/`
    in the folder itself, for sequence folders that hold both, for clips in `eval/`, and for clips in the folder.
    `blur_gamma/` is never used; hidden files are nobody's data.

    Args:
        clip_suffixes: of the files that count as clips; lower case, with the dot.
        exclude: patterns (`*`, `?`) of the names of sequences or clip files to leave out.

    Returns:
        In the order of their names, no two of which are equal.

    Raises:
        DataError: nothing there, names that do not pair up, sizes that differ, files that cannot be read.
    """
    if not data.is_dir():
        raise DataError(f"There is no folder '{data}'; name one that holds blur/ and sharp/ images, or sharp clips.")
    sequences = sequence_folders(data / "test") or sequence_folders(data)
    if sequences:
        return _pair_sequences(_kept(sequences, exclude, data), data)
    folder = data / "eval" if (data / "eval").is_dir() else data
    clips = [path for path in visible(folder) if path.is_file() and path.suffix.lower() in clip_suffixes]
    if not clips:
        raise DataError(f"'{folder}' holds nothing to measure on: no blur/ and sharp/ images, and no sharp clips.")
    clips = _kept(clips, exclude, folder)
    for clip in clips:
        _check_clip(clip)
    stems = [clip.stem for clip in clips]
    return tuple(SharpClip(c.stem if stems.count(c.stem) == 1 else c.name, c) for c in clips)


def _pair_sequences(folders: Sequence[Path], data: Path) -> tuple[PairSequence, ...]:
    """Reads only the headers."""
    paired = pair_up(folders, data)
    pairs = [pair for of_one in paired.values() for pair in of_one]
    for pair, (height, width) in zip(pairs, pair_sizes(pairs, data), strict=True):
        if min(height, width) < SMALLEST_PX:
            raise DataError(f"'{pair.blur}' has {width}×{height} pixels; SSIM needs {SMALLEST_PX} in each direction.")
    return tuple(PairSequence(folder.resolve().name, of_one) for folder, of_one in paired.items())


def _check_clip(path: Path) -> None:
    """Decodes the first picture."""
    try:
        with open_media(path) as container:
            frame = next(container.decode(video=0), None)
    except (FFmpegError, IndexError) as error:  # IndexError: no video in it
        reason = error.strerror if isinstance(error, FFmpegError) else "there is no video in it"
        raise DataError(f"The clip '{path}' cannot be decoded: {reason}; --exclude leaves it out.") from error
    if frame is None or min(frame.width, frame.height) <= SMALLEST_PX:  # an odd side loses a pixel
        raise DataError(f"The clip '{path}' has no picture large enough to measure; --exclude leaves it out.")


def _kept(paths: list[Path], exclude: Sequence[str], folder: Path) -> list[Path]:
    kept = [path for path in paths if not any(fnmatchcase(path.name, pattern) for pattern in exclude)]
    if not kept:
        raise DataError(f"Everything that could be measured in '{folder}' is excluded.")
    return kept
