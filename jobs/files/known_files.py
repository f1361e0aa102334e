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
        self._marks = {_number(file) or _place(file) for file in files()}
        self._any_by_place = any(isinstance(mark, str) for mark in self._marks)

    def find(self, path: Path) -> Path | None:
        """The known file that `path` leads to, as it was given."""
        # One that was not there when it was listed, as an object's stand-in, may have a number since.
        marks = {_number(path), _place(path) if self._any_by_place else None} - {None}
        if self._marks.isdisjoint(marks):
            return None
        return next((file for file in self._files() if not marks.isdisjoint((_number(file), _place(file)))), None)


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


def _number(path: Path) -> int | None:
    """What all names of one file have in common; None where it is not there, or its disk does not number files."""
    with suppress(OSError):
        state = path.stat()
        return state.st_dev << 64 | state.st_ino if state.st_ino else None
    return None


def _place(path: Path) -> str:
    """Where a path leads."""
    return str(real_path(path))
