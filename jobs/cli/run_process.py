"""The main job as commands run it: watched by a person, followed by programs, and its outcome answered."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ...models.errors import VidsharpError
from ...models.wording import counted
from ..config import ProcessConfig, UsageError
from ..exit_code import exit_code
from ..notifying.events import STDOUT, EventStream, event_stream
from .answer import Answer, wants_json

if TYPE_CHECKING:
    from ..processing.process_job import ProcessResult
    from ..processing.progress import Watcher

_STATUSES = ("done", "resumed", "copied", "skipped", "failed")


def run_process(config: ProcessConfig, events: Path | None, *, quiet: bool, lines_only: bool) -> Answer:
    """Runs the main job.

    Args:
        events: where they are written.

    Raises:
        UsageError: also where `events` cannot be written.
        KeyboardInterrupt: with the sentence that the command ends with.
    """
    if events == STDOUT and wants_json():
        raise UsageError("--events - and --json both write to stdout; give --events a file")
    with event_stream(events) if events else nullcontext() as stream:
        result = _result(config, stream, quiet=quiet, lines_only=lines_only)
        answer = Answer(
            {"clips": result.rows, "report": result.shown, "passed_over": result.passed_over},
            lambda: None if events == STDOUT else _say(result, config, quiet=quiet),
            summary(result),
            result.exit_code,
        )
        if stream is not None:
            stream.run_ended(answer.code, None, answer.summary, result.shown)
    return answer


def summary(result: "ProcessResult") -> dict[str, int]:
    """A run's clips by status, those that occur."""
    return {status: result.count(status) for status in _STATUSES if result.count(status)}


def _result(config: ProcessConfig, stream: EventStream | None, *, quiet: bool, lines_only: bool) -> "ProcessResult":
    try:
        from ..processing.process_job import process  # takes seconds, in which one may interrupt

        # Of processes that die, Ray prints pages of log to stdout, which is for the result.
        with _watching(stream, quiet=quiet, lines_only=lines_only) as watcher, redirect_stdout(StringIO()):
            return process(config, watcher)
    except (VidsharpError, KeyboardInterrupt) as caught:
        error = caught
        if isinstance(error, KeyboardInterrupt):
            error = type(error)("interrupted; the same command resumes from the finished chunks")
        if stream is not None:
            stream.run_ended(exit_code(error), str(error), {}, None)
        raise error from caught


@contextmanager
def _watching(stream: EventStream | None, *, quiet: bool, lines_only: bool) -> Iterator["Watcher"]:
    from ..processing.progress import Watchers, watching

    with watching(quiet=quiet, lines_only=lines_only) as watcher:
        yield watcher if stream is None else Watchers(watcher, stream)


def _say(result: "ProcessResult", config: ProcessConfig, *, quiet: bool) -> None:
    from ..files.passed_over import passed_over_sentence

    if not quiet and result.rows:
        from .show_run import show_run

        show_run(result.rows)
    if sentence := passed_over_sentence(result.passed_over):
        click.echo(sentence)
    said = ", ".join(f"{count} {status}" for status, count in summary(result).items())
    clips = counted(sum(result.counts.values()), "clip")
    click.echo(f"{clips}: {said}" if said else clips)
    click.echo(f"report: {result.shown}")
    if config.shard is not None:
        click.echo("once all shards are done, the same command without --shard makes the page of all")
