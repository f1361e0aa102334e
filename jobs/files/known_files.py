"""Recordings known by what they are and not by what they are called, so that no result takes the place of one."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from ..config import UsageError
from .clips import Clip, real_path


class KnownFiles:
    """Files that may be met again under another name: through a link, or where a disk ignores case.

    Args:
        files: lists them. They are not kept: there may be a million.
    """

    def __init__(self, files: Callable[[], Iterable[Path]] = tuple[Path, ...]) -> None:
        self._files = files
        self._marks = {_mark(file) for file in files()}

    def find(self, path: Path) -> Path | None:
        """The known file that `path` leads to, as it was given."""
        mark = _mark(path)
        return next((file for file in self._files() if _mark(file) == mark), None) if mark in self._marks else None


def originals(clips: Iterable[Clip], reference: Path | None) -> Iterator[Path]:
    """The places of the clips' originals in the reference folder."""
    return (reference.absolute() / clip.relative for clip in clips if reference is not None)


def check_spared(results: Iterable[tuple[Clip, Path]], inputs: KnownFiles) -> None:
    """Checks that no result would be written over what a command reads.

    Args:
        results: clips, and where each one's result goes.

    Raises:
        UsageError: one would.
    """
    for clip, result in results:
        given = inputs.find(result)
        if given == clip.path:
            raise UsageError(
                f"{given} would be written over itself; choose an --out folder other than the recordings' own"
            )
        if given is not None:
            raise UsageError(
                f"the result of {clip.path} would be written to {result}, over {given}, which this command reads; "
                "choose another --out folder"
            )


def results_of(clips: Sequence[Clip], out: Path) -> Iterator[tuple[Clip, Path]]:
    """Each clip with the place of its result under its own name."""
    return ((clip, out / clip.relative) for clip in clips)


def _mark(path: Path) -> int | str:
    """What two names of one file have in common: the numbers of disk and file, or where they lead."""
    with suppress(OSError):
        state = path.stat()
        if state.st_ino:  # some network disks do not number files
            return state.st_dev << 64 | state.st_ino
    return str(real_path(path))
