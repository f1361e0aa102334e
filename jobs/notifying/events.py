"""The events of a run as lines of JSON, for programs that follow it; `events.schema.json` says what each has."""

import json
import logging
import secrets
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from ..config import UsageError
from .foreign_file import check_ours

log = logging.getLogger("vidsharp")

VERSION = 1
"""Raised when readers of older events would misunderstand newer ones; fields may be added without that."""

PROGRESS_EVERY_S = 2.0
"""How often at most an event tells how far a clip is."""

STDOUT = Path("-")

_BEGIN = b'{"version": '
"""Of each line."""


class EventStream:
    """A watcher (`progress.py`) that writes what happens. Where that fails, the run goes on without it, and says so."""

    def __init__(self, to: TextIO) -> None:
        self._to: TextIO | None = to
        self._run = ""
        self._told: dict[str, float] = {}
        self._frames: dict[str, int] = {}

    def run_started(self, clips: int) -> None:
        self._run = secrets.token_hex(4)
        self._tell("planned", clips=clips)

    def clip_started(self, clip: str, frames: int, done: int) -> None:
        self._told[clip], self._frames[clip] = time.monotonic(), frames
        self._tell("started", clip=clip, frames=frames, done=done)

    def clip_moved(self, clip: str, done: int) -> None:
        now = time.monotonic()
        if now - self._told[clip] >= PROGRESS_EVERY_S:
            self._told[clip] = now
            self._tell("progress", clip=clip, frames=self._frames[clip], done=done)

    def clip_ended(self, clip: str, status: str, error: str | None, fps: float | None) -> None:
        self._told.pop(clip, None)
        self._frames.pop(clip, None)
        if status == "failed":
            self._tell("failed", clip=clip, status=status, error=error)
        else:
            self._tell("finished", clip=clip, status=status, fps=fps)

    def run_ended(self, exit_code: int, error: str | None, clips: Mapping[str, int], report: str | None) -> None:
        """
        Args:
            error: the sentence of what ended the run before its time.
            clips: how many have ended, by status.
            report: where people find the page, or else the tables.
        """
        self._run = self._run or secrets.token_hex(4)  # one that ended before it knew its clips
        self._tell("summary", exit_code=exit_code, error=error, clips=dict(clips), report=report)
        self._run = ""

    def _tell(self, event: str, **more: Any) -> None:
        if self._to is None:
            return
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"version": VERSION, "run": self._run, "time": at, "event": event, **more}, allow_nan=False)
        try:
            self._to.write(f"{line}\n")
            self._to.flush()
        except OSError as error:
            self._to = None
            log.error("no more events can be written (%s); the run goes on", error.strerror or error)


@contextmanager
def event_stream(path: Path) -> Iterator[EventStream]:
    """The stream into a file, behind what is there already; `-` is stdout.

    Raises:
        UsageError: the file cannot be written, or holds something else.
    """
    if path == STDOUT:
        yield EventStream(sys.stdout)
        return
    check_ours("--events", path, _BEGIN)
    try:
        file = path.open("a", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--events {path} cannot be written: {error.strerror or error}") from error
    try:
        yield EventStream(file)
    finally:
        with suppress(OSError):  # of a full disk, which was told of
            file.close()
