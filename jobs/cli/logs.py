"""Log lines on stderr: for people, or one JSON object each for machines."""

import json
import logging
import sys
from datetime import UTC, datetime

import click

from ..files.clips import printable

FIELDS = ("clip", "chunk", "actor", "node")
"""What a line is about, where that is known, as `extra` of the log call says it and no message repeats: the clip's
name, the chunk's number, the sharpening process, its host. In lines for people, clip and chunk come first."""


class _JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "message": record.getMessage(),
        }
        line |= {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, allow_nan=False)


class _Lines(logging.Formatter):
    def formatMessage(self, record: logging.LogRecord) -> str:
        chunk = getattr(record, "chunk", None)
        parts = [getattr(record, "clip", None), None if chunk is None else f"chunk {chunk}", record.getMessage()]
        # A recording's name must not move the cursor, nor fake a line.
        return printable(": ".join(part for part in parts if part is not None))


def set_up_logs(*, verbose: bool, quiet: bool, as_json: bool) -> None:
    """Sends the project's log to stderr: errors only when quiet, all when verbose. As JSON, also Python's own warnings,
    so that nothing else is on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_JsonLines() if as_json else _Lines())
    level = logging.DEBUG if verbose else logging.ERROR if quiet else logging.INFO
    for name in ("vidsharp", "py.warnings") if as_json else ("vidsharp",):
        log = logging.getLogger(name)
        log.handlers[:] = [handler]
        log.propagate = False
        log.setLevel(level)
    logging.captureWarnings(as_json)


def say_error(sentence: str) -> None:
    """Prints the sentence that a command ends with, also when quiet; as a log line where these are JSON."""
    log = logging.getLogger("vidsharp")
    if any(isinstance(handler.formatter, _JsonLines) for handler in log.handlers):
        log.error("%s", sentence)
    else:
        click.echo(f"vidsharp: {printable(sentence)}", err=True)
