"""The folder on this machine that recordings are brought to from object storage."""

from os import environ
from pathlib import Path

from ..config import ProcessConfig


def staging_folder(config: ProcessConfig) -> Path:
    """The folder that recordings are brought to, with a folder in it for each output."""
    cache = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return (config.staging or cache / "vidsharp" / "staging").absolute()
