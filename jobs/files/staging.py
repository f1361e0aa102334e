"""The folder on this machine that recordings are brought to from object storage, and the files in it."""

from contextlib import suppress
from os import environ
from pathlib import Path

from ..config import ProcessConfig


def staging_folder(config: ProcessConfig) -> Path:
    """The folder that recordings are brought to, with a folder in it for each output."""
    cache = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (config.staging or cache / "vidsharp" / "staging").absolute()


def stand_in(file: Path) -> None:
    """Makes an empty file for a result that is in the bucket."""
    with suppress(OSError):  # a name that no disk takes is no result of ours
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch()


def file_state(file: Path) -> tuple[int, int] | None:
    """What changes when a file is replaced; None where it is gone."""
    with suppress(FileNotFoundError):
        state = file.stat()
        return state.st_size, state.st_mtime_ns
    return None
