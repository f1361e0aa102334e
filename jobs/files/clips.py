"""The recordings that a command means, and the place of each one's result."""

import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..config import UsageError

RECORDING_SUFFIXES = (
    *(".mp4", ".m4v", ".mov", ".qt", ".3gp", ".3g2", ".mkv", ".webm", ".avi", ".flv", ".wmv", ".asf", ".ogv"),
    *(".ts", ".mts", ".m2ts", ".mpg", ".mpeg", ".vob", ".mxf", ".nut"),
    *(".264", ".h264", ".265", ".h265", ".hevc", ".ivf", ".obu", ".m2v"),  # streams without a container
)
"""Files that a folder search takes for recordings. A file named on the command line is tried whatever its name."""

_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

WORK_FOLDER = ".vidsharp"
REPORT_FOLDER = "report"


class NothingFound(UsageError):
    """There is no recording where one was looked for."""


@dataclass(frozen=True)
class Clip:
    """One recording of a run."""

    path: Path
    """Absolute."""
    relative: Path
    """Its path below the folder it was found in; its result has the same one below the output folder."""

    @property
    def name(self) -> str:
        """`relative` with forward slashes, for tables and messages; see `printable`."""
        return printable(self.relative.as_posix())


def printable(text: str) -> str:
    """Text that every file and terminal takes, with escapes for the rest.

    File names are bytes and need not be text; and a terminal obeys control characters, breaks lines at
    separators, and turns what follows a bidirectional override (Unicode TR 36 §2.1.4) around.
    """
    as_text = text.encode("utf-8", "backslashreplace").decode()
    return _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), as_text)


def find_clips(
    inputs: Sequence[Path], out: Path, pass_over: Callable[[str], None] = lambda _: None
) -> tuple[Clip, ...]:
    """All recordings that `inputs` name, in order, each once.

    Args:
        pass_over: told of every file that is not taken as a recording; see `found_in`.

    Raises:
        UsageError: an input is missing, nothing is found, or two would be written to one place.
    """
    found = (clip for given in inputs for clip in found_in(given, real_path(out), pass_over))
    return each_once(found, out, [str(given) for given in inputs])


def each_once(found: Iterable[Clip], out: Path, inputs: Sequence[str]) -> tuple[Clip, ...]:
    """The clips that were found, those that were found twice once.

    Raises:
        UsageError: there is none, or two would be written to one place.
    """
    out = real_path(out)
    clips: dict[str, Clip] = {}
    for clip in found:
        other = clips.setdefault(clip.name, clip)
        if other.relative != clip.relative:
            raise UsageError(f"two recordings would both be called {clip.name} in tables; rename one of them")
        if other.path != clip.path:
            raise UsageError(
                f"{other.path} and {clip.path} would both be written to {out / clip.relative}; "
                "process them with different --out folders"
            )
        if clip.relative.as_posix().casefold() in (WORK_FOLDER, REPORT_FOLDER):
            raise UsageError(f"{clip.path} has the name of a folder in every --out; rename it")
    if not clips:
        raise NothingFound(f"there is no recording in {', '.join(inputs)} (looked for {' '.join(RECORDING_SUFFIXES)})")
    return tuple(clips.values())


def found_in(given: Path, out: Path, pass_over: Callable[[str], None]) -> Iterator[Clip]:
    """The recordings that an input names.

    Args:
        given: a recording, or a folder that is searched.
        out: the output folder, resolved; it is not searched.
        pass_over: told the path of each file that has no recording's name and is not hidden.

    Raises:
        UsageError: the input is missing, or is the output folder.
    """
    if not given.exists():
        raise UsageError(f"{given} is a link that leads nowhere" if given.is_symlink() else f"{given} does not exist")
    if not given.is_dir():
        yield Clip(given.absolute(), Path(given.name))
        return
    root = given.absolute()
    if _same_folder(root, out):
        raise UsageError(
            f"--out {out} is the folder of the recordings itself; choose another, they are never overwritten"
        )
    for folder, subfolders, files in os.walk(root):
        # A result folder inside the recordings is not searched for recordings; hidden files are nobody's recordings.
        subfolders[:] = sorted(
            name for name in subfolders if not name.startswith(".") and not _same_folder(Path(folder) / name, out)
        )
        for name in sorted(files):
            path = Path(folder) / name
            if name.startswith("."):
                continue
            if path.suffix.lower() in RECORDING_SUFFIXES:
                yield Clip(path, path.relative_to(root))
            else:
                pass_over(str(path))


def real_path(path: Path) -> Path:
    """The target of a path through links; one that leads back to itself stays in it, where `Path.resolve` raises a
    RuntimeError before Python 3.13. Whoever then opens the path is told by the system what is wrong."""
    return Path(os.path.realpath(path))


def _same_folder(one: Path, other: Path) -> bool:
    """Also where a disk that ignores case, or a second mount, gives one folder two names."""
    try:
        return real_path(one) == other or (other.exists() and one.samefile(other))
    except FileNotFoundError:  # one was removed since it was listed
        return False


def file_size(path: Path) -> int | None:
    """A file's size in bytes; None where the file cannot be looked at."""
    try:
        return path.stat().st_size
    except OSError:
        return None
