"""Paths of results: all stay in the output folder, and each has a place of its own there.

The output folder itself may be a link. A link inside it that leads out of it is refused: results, tables and work in
progress would land where nobody asked for them, and unfinished work is deleted without asking.
"""

import os
import tempfile
import unicodedata
from collections.abc import Callable, Sequence
from itertools import chain
from pathlib import Path, PurePath

from ...pipeline.errors import OutputError, ResultRefused, disk_sentence
from ..config import UsageError
from .clips import REPORT_FOLDER, WORK_FOLDER, Clip, real_path


def path_below(folder: Path, name: str) -> Path | None:
    """The file below `folder` that a name from outside means: an object's key, or what a table says of a result. All
    such names become paths here. None where it means none: an empty part, `.` or `..`, or what no file can be called.
    """
    parts = name.split("/")
    plain = PurePath(*parts)  # not on every system is a slash all that divides a path
    if plain.parts != tuple(parts) or any(part in ("", ".", "..") or "\0" in part for part in parts):
        return None
    return folder / plain


def check_inside(out: Path, path: Path) -> None:
    """Checks that a file may be written to `path`, whose folders need not be there yet.

    Raises:
        OutputError: a link on the way leads out of the folder `out`.
    """
    root, folder = real_path(out), real_path(path.parent)
    if not folder.is_relative_to(root):
        raise ResultRefused(
            f"{path} would be written to {folder}, where a link in the output folder leads; remove the link, or make "
            "that folder an --out of its own",
            path,
        )


def check_output_folder(out: Path) -> None:
    """Checks the folders that every run writes to, and removes links from the work in progress: vidsharp makes none,
    and would write through them.

    Raises:
        UsageError: one of the folders leads out of `out`.
        OSError: as the system says.
    """
    written_to = (f"{REPORT_FOLDER}/{name}" for name in ("previews", "clips", "chunks", "frames"))
    for folder in (WORK_FOLDER, REPORT_FOLDER, *written_to):
        try:
            check_inside(out, out / folder / "file")
        except OutputError as error:
            raise UsageError(f"{out / folder} is a link that leads out of the output folder; remove it") from error
    for folder, *names in os.walk(out / WORK_FOLDER):  # a run that holds it may be removing parts of it
        for name in chain(*names):
            path = Path(folder) / name
            if path.is_symlink():
                path.unlink(missing_ok=True)


def check_names_apart(clips: Sequence[Clip], folder: Path) -> None:
    """Checks that the disk of `folder` tells the results' names apart: macOS's, Windows' and many network disks take
    `Call.mp4` and `call.mp4`, or two spellings of `é` in Unicode, for one file.

    Raises:
        UsageError: two results would be one file.
        OutputError: the folder cannot be written.
    """
    if not _twins(clips, _folded(any_case=True, any_form=True)):
        return
    try:
        any_case, any_form = names_that_merge(folder)
    except OSError as error:
        raise OutputError(disk_sentence(error, folder), folder) from error
    for one, other in _twins(clips, _folded(any_case=any_case, any_form=any_form)):
        raise UsageError(
            f"the results of {one.path} and {other.path} would be one file on the disk that holds --out, which does "
            "not tell their names apart; process them with different --out folders"
        )


def names_that_merge(folder: Path) -> tuple[bool, bool]:
    """Whether the folder's disk takes names that differ only in case, and only in Unicode's normal form, for one."""
    with tempfile.TemporaryDirectory(dir=folder) as trial:
        (Path(trial) / "\u00e9").touch()
        return (Path(trial) / "\u00c9").exists(), (Path(trial) / "e\u0301").exists()


def _folded(*, any_case: bool, any_form: bool) -> Callable[[str], str]:
    def folded(name: str) -> str:
        name = unicodedata.normalize("NFC", name) if any_form else name
        return name.casefold() if any_case else name

    return folded


def _twins(clips: Sequence[Clip], folded: Callable[[str], str]) -> list[tuple[Clip, Clip]]:
    first: dict[str, Clip] = {}
    pairs = ((first.setdefault(folded(clip.relative.as_posix()), clip), clip) for clip in clips)
    return [(one, other) for one, other in pairs if one is not other]
