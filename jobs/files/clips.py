"""The recordings that a command means, and the place of each one's result."""

import logging
import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...models.wording import counted
from ..config import UsageError
from ..recording_suffixes import RECORDING_SUFFIXES
from ..shard import Shard

log = logging.getLogger("vidsharp")

_OBEYED = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")

WORK_FOLDER = ".vidsharp"
REPORT_FOLDER = "report"


class NothingFound(UsageError):
    """There is no recording where one was looked for."""


@dataclass(frozen=True, slots=True, init=False)
class Clip:
    """One recording of a run. A million of them take some 150 MB: what they have in common is kept once."""

    _root: str
    """With its last separator; empty where the path does not end with `relative`."""
    _below: str
    _apart: str | None

    def __init__(self, path: Path, relative: Path) -> None:
        """
        Args:
            path: absolute.
            relative: its path below the folder it was found in; its result has the same one below the output folder.
        """
        text, below = str(path), str(relative)
        joined = text.endswith(f"{os.sep}{below}")
        object.__setattr__(self, "_root", sys.intern(text.removesuffix(below)) if joined else "")
        object.__setattr__(self, "_below", below)
        object.__setattr__(self, "_apart", None if joined else text)

    @property
    def path(self) -> Path:
        """Absolute."""
        return Path(self._apart or self._root + self._below)

    @property
    def folder(self) -> str:
        """The folder that it was found in, the same for all that were."""
        return self._root if self._apart is None else str(self.path.parents[len(self.relative.parts) - 1])

    @property
    def relative(self) -> Path:
        """Its path below the folder it was found in."""
        return Path(self._below)

    @property
    def name(self) -> str:
        """`relative` with forward slashes, for tables and messages; see `printable`."""
        return printable(self._below if os.sep == "/" else self.relative.as_posix())


def printable(text: str) -> str:
    """Text that every file and terminal takes, with escapes for the rest.

    File names are bytes and need not be text; and a terminal obeys control characters, breaks lines at
    separators, and turns what follows a bidirectional override (Unicode TR 36 §2.1.4) around.
    """
    if text.isascii() and text.isprintable():
        return text
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


def of_shard(clips: Sequence[Clip], shard: Shard | None) -> Sequence[Clip]:
    """The clips of a shard; where it has none, the log says so. None is all of them."""
    if shard is None:
        return clips
    mine = [clip for clip in clips if shard.has(clip.name)]
    if not mine:
        log.warning("shard %s has none of %s: nothing is to be done", shard, counted(len(clips), "recording"))
    return mine


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
            if name.startswith("."):
                continue
            path = Path(folder, name)
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
