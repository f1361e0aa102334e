"""The command that keeps folders sharp."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ...models.errors import VidsharpError
from ..exit_code import exit_code
from ..notifying.events import EventStream, event_stream
from ..watching.watch_config import WatchConfig
from .answer import Answer
from .logs import set_up_logs
from .options import PATH, command, config_option, config_options, events_option, log_options, run_options
from .run_process import summary

if TYPE_CHECKING:
    from ..processing.process_result import ProcessResult
    from ..processing.progress import Watcher

log = logging.getLogger("vidsharp")


@command()
@click.argument("inputs", nargs=-1, required=True, type=PATH, metavar="RECORDINGS...")
@config_options("out", "staging", "scratch", "scratch_gb")
@config_option("settle_seconds", settings=WatchConfig)
@config_option("every_seconds", settings=WatchConfig)
@run_options
@config_options("reference", "page", "stall_seconds", "memory_mb", "price_per_core_hour", "price_per_gpu_hour")
@config_options("on_clip", "webhook", "webhook_key", "hook_seconds", "metrics")
@events_option
@log_options
def watch(events: Path | None, quiet: bool, verbose: bool, log_json: bool, **options: Any) -> Answer:
    """Keeps folders sharp: what comes to RECORDINGS is sharpened as process would do it, once it is whole.

    Goes on until it is interrupted; the same command goes on from there. Where a folder vanishes, or a disk, a bucket
    or the cluster fails, it says so and tries again.
    """
    set_up_logs(verbose=verbose, quiet=quiet, as_json=log_json)
    from ..watching.watch_job import watch as run

    config = WatchConfig(**options)
    try:
        with _watching(events) as (watcher, stream), redirect_stdout(StringIO()):

            def ended(outcome: "ProcessResult | VidsharpError") -> None:
                _tell(outcome, stream)

            run(config, watcher, ended)
    except KeyboardInterrupt as error:
        raise type(error)("interrupted; the same command goes on watching") from error


@contextmanager
def _watching(events: Path | None) -> "Iterator[tuple[Watcher, EventStream | None]]":
    from ..processing.progress import NewsLines, Watchers

    with event_stream(events) if events else nullcontext() as stream:
        yield (NewsLines() if stream is None else Watchers(NewsLines(), stream)), stream


def _tell(outcome: "ProcessResult | VidsharpError", stream: EventStream | None) -> None:
    if isinstance(outcome, VidsharpError):
        if stream is not None:
            stream.run_ended(exit_code(outcome), str(outcome), {}, None)
        return
    counts = summary(outcome)
    if stream is not None:
        stream.run_ended(outcome.exit_code, None, counts, outcome.shown)
    log.info("%s; report: %s", ", ".join(f"{count} {status}" for status, count in counts.items()), outcome.shown)
