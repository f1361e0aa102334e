"""Progress as a person sees it while the job runs: live bars on a terminal, log lines elsewhere. On stderr only."""

import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # imported for terminals only
    from rich.progress import Progress, TaskID

log = logging.getLogger("vidsharp")

LOG_EVERY_S = 10.0
"""How often a log line tells of a clip under way."""


class Watcher(Protocol):
    """Told by the job what happens."""

    def run_started(self, clips: int) -> None: ...
    def clip_started(self, clip: str, frames: int, done: int) -> None:
        """Work on a clip begins; `done` of its `frames` are there from an earlier run."""
        ...

    def clip_moved(self, clip: str, done: int) -> None: ...
    def clip_ended(self, clip: str, status: str, error: str | None, fps: float | None) -> None: ...


class NoWatcher:
    """Sees nothing."""

    def run_started(self, clips: int) -> None: ...
    def clip_started(self, clip: str, frames: int, done: int) -> None: ...
    def clip_moved(self, clip: str, done: int) -> None: ...
    def clip_ended(self, clip: str, status: str, error: str | None, fps: float | None) -> None: ...


class Watchers:
    """Several watchers, each told of all."""

    def __init__(self, *watchers: Watcher) -> None:
        self._watchers = watchers

    def run_started(self, clips: int) -> None:
        for each in self._watchers:
            each.run_started(clips)

    def clip_started(self, clip: str, frames: int, done: int) -> None:
        for each in self._watchers:
            each.clip_started(clip, frames, done)

    def clip_moved(self, clip: str, done: int) -> None:
        for each in self._watchers:
            each.clip_moved(clip, done)

    def clip_ended(self, clip: str, status: str, error: str | None, fps: float | None) -> None:
        for each in self._watchers:
            each.clip_ended(clip, status, error, fps)


class LogLines:
    """One line when a clip starts and ends, and every ten seconds between."""

    def __init__(self) -> None:
        self._clips = self._ended = 0
        self._under_way: dict[str, tuple[int, int, float, float]] = {}

    def run_started(self, clips: int) -> None:
        self._clips, self._ended = clips, 0

    def clip_started(self, clip: str, frames: int, done: int) -> None:
        now = time.monotonic()
        self._under_way[clip] = (frames, done, now, now)
        already = f", {done} done in an earlier run" if done else ""
        log.info("started, %d frames%s", frames, already, extra={"clip": clip})

    def clip_moved(self, clip: str, done: int) -> None:
        frames, first, began, spoke = self._under_way[clip]
        now = time.monotonic()
        if now - spoke < LOG_EVERY_S or done <= first:
            return
        fps = (done - first) / (now - began)
        self._under_way[clip] = (frames, first, began, now)
        left_s = (frames - done) / fps
        log.info("%d of %d frames, %.1f fps, %.0f s left", done, frames, fps, left_s, extra={"clip": clip})

    def clip_ended(self, clip: str, status: str, error: str | None, fps: float | None) -> None:
        self._under_way.pop(clip, None)
        self._ended += 1
        rate = f", {fps:.1f} fps" if fps else ""
        place = f"({self._ended}/{self._clips})"
        if error:
            log.error("%s: %s %s", status, error, place, extra={"clip": clip})
        else:
            log.info("%s%s %s", status, rate, place, extra={"clip": clip})


class NewsLines(LogLines):
    """The same without clips that were finished already: of these, a watch meets thousands when it begins again."""

    def clip_ended(self, clip: str, status: str, error: str | None, fps: float | None) -> None:
        if status == "skipped":
            self._ended += 1
        else:
            super().clip_ended(clip, status, error, fps)


class LiveBars:
    """A bar for each clip under way, and one for the whole run."""

    def __init__(self, bars: "Progress") -> None:
        self._bars = bars
        self._all: TaskID | None = None
        self._tasks: dict[str, tuple[TaskID, int, float]] = {}
        self._frames = 0
        self._began = time.monotonic()

    def run_started(self, clips: int) -> None:
        self._all = self._bars.add_task("all clips", total=clips, rate="")

    def clip_started(self, clip: str, frames: int, done: int) -> None:
        task = self._bars.add_task(clip, total=frames, completed=done, rate="")
        self._tasks[clip] = (task, done, time.monotonic())

    def clip_moved(self, clip: str, done: int) -> None:
        task, first, began = self._tasks[clip]
        fps = (done - first) / max(1e-3, time.monotonic() - began)
        self._bars.update(task, completed=done, rate=f"{fps:.1f} fps")

    def clip_ended(self, clip: str, status: str, error: str | None, fps: float | None) -> None:
        ended = self._tasks.pop(clip, None)
        if ended:
            self._bars.remove_task(ended[0])
        if self._all is not None:
            self._bars.update(self._all, advance=1, rate=f"{fps:.1f} fps" if fps else "")
        if error:
            # Names and messages come from recordings: printed as they are, never as markup.
            self._bars.console.print(f"{clip}: {status}: {error}", markup=False, highlight=False, style="red")
        elif status != "skipped":
            self._bars.console.print(f"{clip}: {status}", markup=False, highlight=False)


def _bars() -> "Progress":
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    return Progress(*columns, console=Console(stderr=True), transient=True)


@contextmanager
def watching(*, quiet: bool, lines_only: bool) -> Iterator[Watcher]:
    """The watcher that fits where stderr goes."""
    if quiet or lines_only or not sys.stderr.isatty():
        yield LogLines()
        return
    with _bars() as bars:
        yield LiveBars(bars)


class TrainingLines:
    """A log line every ten seconds of training."""

    def __init__(self) -> None:
        self._spoke = self._began = time.monotonic()
        self._first: int | None = None

    def said(self, words: str) -> None:
        log.info("%s", words)

    def moved(self, step: int, last: int, loss: float) -> None:
        now = time.monotonic()
        if self._first is None:
            self._first, self._began = step, now
        elif now - self._spoke >= LOG_EVERY_S:
            self._spoke = now
            rate = (step - self._first) / (now - self._began)
            log.info(
                "step %d of %d, loss %.5f, %.1f steps/s, %.0f s left", step, last, loss, rate, (last - step) / rate
            )


class TrainingBar(TrainingLines):
    """A bar over the steps of a run."""

    def __init__(self, bars: "Progress") -> None:
        super().__init__()
        self._bars, self._task = bars, bars.add_task("training", total=None, rate="")

    def said(self, words: str) -> None:
        self._bars.console.print(words, markup=False, highlight=False)

    def moved(self, step: int, last: int, loss: float) -> None:
        self._bars.update(self._task, completed=step, total=last, rate=f"loss {loss:.5f}")


@contextmanager
def training(*, lines_only: bool) -> Iterator[TrainingLines]:
    """The display of a training run, as it fits where stderr goes."""
    if lines_only or not sys.stderr.isatty():
        yield TrainingLines()
        return
    with _bars() as bars:
        yield TrainingBar(bars)
