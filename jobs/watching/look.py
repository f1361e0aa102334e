"""One look at watched folders: all recordings, each with what changes when it does.

Folders are read again at each look. The system could tell of changes (inotify), but not of those that another machine
makes on a network share, where recordings of calls lie; and a file that has changed has to be looked at again in any
case, until it rests. A look at 100,000 files takes about a second, and looks take at most a twentieth of the time.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ..config import ProcessConfig
from ..files.clips import NothingFound, found_in, real_path
from ..files.open_storage import open_to_read
from ..files.storage import url_of
from .settling import State


def look(config: ProcessConfig, inputs: Sequence[Path]) -> dict[str, State]:
    """The recordings in these of the inputs, by clip.

    Raises:
        UsageError: a folder is missing, or a URL means nothing here.
        StorageError: object storage does not answer.
    """
    if any(map(url_of, (*inputs, config.out))):
        return _far(replace(config, inputs=tuple(inputs)))
    found: dict[str, State] = {}
    for given in inputs:
        for clip in found_in(given, real_path(config.out), lambda _: None):
            try:
                state = clip.path.stat()
            except OSError:  # it is gone since it was listed, or leads nowhere
                continue
            found[clip.name] = (state.st_size, state.st_mtime_ns)
    return found


def _far(config: ProcessConfig) -> dict[str, State]:
    with open_to_read(config) as storage:
        try:
            return {clip.name: storage.state(clip) for clip in storage.find()}
        except NothingFound:
            return {}
