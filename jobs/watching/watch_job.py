"""The watch: folders are looked at again and again, and the main job is run over recordings that have settled.

What is finished stands in the tables of the output folder and nowhere else, so that a watch can end at any moment and
begin again.
"""

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import NoReturn

from ...models.errors import VidsharpError
from ...models.wording import counted
from ..config import ProcessConfig, UsageError
from ..exit_code import RUN_AGAIN, exit_code
from ..files.storage import url_of
from ..processing.process_job import process
from ..processing.process_result import ProcessResult
from ..processing.progress import NoWatcher, Watcher, Watchers
from ..processing.run_lock import OutputTaken
from .look import look
from .settling import Settling
from .watch_config import WatchConfig

log = logging.getLogger("vidsharp")

LOOK_SHARE = 0.05
"""Of the time, at most so much goes into looking."""
LONGEST_WAIT_S = 600.0
"""Between two tries, where a disk, a bucket or the cluster fails."""

Ended = Callable[[ProcessResult | VidsharpError], None]


def watch(
    config: WatchConfig,
    watcher: Watcher | None = None,
    ended: Ended = lambda _: None,
    pause: Callable[[float], None] = time.sleep,
) -> NoReturn:
    """Keeps the output folder what `process` makes of the watched ones, until an exception ends it.

    Args:
        ended: told what came of each run of the main job.
        pause: waits for so many seconds.

    Raises:
        UsageError: an input is no folder, or the first run cannot be carried out as it was asked for. Later ones are
            tried again, as are those that a disk, a bucket or the cluster failed.
        ModelError, CheckpointError, EncoderError, DeviceError: likewise.
    """
    for given in config.inputs:
        if url_of(given) is None and not given.is_dir():
            raise UsageError(f"{given} is no folder; watch takes folders, and process single recordings")
    watching = _Watch(config, watcher or NoWatcher(), ended)
    log.info("watching %s", ", ".join(url_of(given) or str(given) for given in config.inputs))
    while True:
        pause(watching.turn())


@dataclass
class _Failed(NoWatcher):
    """The names of clips that failed in a run."""

    names: set[str]

    def clip_ended(self, clip: str, status: str, error: str | None, fps: float | None) -> None:
        if status == "failed":
            self.names.add(clip)


class _Watch:
    def __init__(self, config: WatchConfig, watcher: Watcher, ended: Ended) -> None:
        self._config = config
        own = {each.name for each in fields(ProcessConfig)}
        self._run_config = ProcessConfig(**{name: getattr(config, name) for name in own})
        self._watcher = watcher
        self._ended = ended
        self._settling = Settling(config.settle_seconds)
        self._gone: set[Path] = set()
        self._worked = False
        self._said = ""
        self._tries = 0

    def turn(self) -> float:
        """Looks once, and works on what is due. Returns how long to wait for the next look."""
        began = time.monotonic()
        try:
            found = look(self._config, self._there())
        except VidsharpError as error:
            return self._later(error)
        now = time.monotonic()
        if due := self._settling.due(found, now):
            try:
                return self._work(due)
            except VidsharpError as error:
                return self._later(error)
        return max(self._config.every_seconds, (now - began) / LOOK_SHARE)

    def _there(self) -> Sequence[Path]:
        """The watched folders that are there; says which have gone, and which have come back."""
        gone = {given for given in self._config.inputs if url_of(given) is None and not given.is_dir()}
        for given in sorted(gone - self._gone):
            log.warning("%s has vanished; what comes there is done when it is back", given)
        for given in sorted(self._gone - gone):
            log.info("%s is back", given)
        self._gone = gone
        return [given for given in self._config.inputs if given not in gone]

    def _work(self, due: set[str]) -> float:
        config = self._run_config
        if self._gone:
            config = ProcessConfig(**{**vars(config), "inputs": tuple(self._there())})
        failed = _Failed(set())
        result = process(config, Watchers(self._watcher, failed), lambda clip: clip.name in due)
        self._ended(result)
        self._worked = True
        if result.run_again:
            self._settling.dealt_with(due - failed.names)
            clips = counted(len(failed.names), "clip")
            return self._wait(f"{clips} failed, and may not fail again")
        self._settling.dealt_with(due)
        self._tries, self._said = 0, ""
        return 0.0  # more may have come meanwhile

    def _later(self, error: VidsharpError) -> float:
        """Raises the error where trying again is no use."""
        passing = exit_code(error) == RUN_AGAIN or isinstance(error, OutputTaken)
        if not passing and not (self._worked and isinstance(error, UsageError)):
            raise error
        self._ended(error)
        return self._wait(str(error))

    def _wait(self, sentence: str) -> float:
        wait_s = min(LONGEST_WAIT_S, self._config.every_seconds * 2**self._tries)
        self._tries += 1
        if sentence != self._said:
            self._said = sentence
            log.warning("%s; the watch tries again, in %.0f s at first", sentence, wait_s)
        return wait_s
