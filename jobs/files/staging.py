"""The folder on this machine for work on what is on object storage, and the files in it."""

from contextlib import suppress
from os import environ
from pathlib import Path

from ..config import ProcessConfig


def staging_folder(config: ProcessConfig) -> Path:
    """The folder for work, with a folder in it for each output."""
    cache = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (config.staging or cache / "vidsharp" / "staging").absolute()


def nodes_apart(config: ProcessConfig) -> bool:
    """Whether each node of a run works in a folder of its own, and what others need of it goes through the output's
    bucket: on a cluster, unless somebody names a folder that all of them see."""
    return config.engine == "ray" and config.address is not None and config.staging is None


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
