"""`run.json` in the report folder: what was run, with what, on what machine, and how it ended.

Written when a run starts and again when it ends, so that one that was killed shows as a run without an end. Nothing of
the environment goes in, and of addresses in the command only what is no secret.
"""

import json
import logging
import math
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...models.errors import VidsharpError
from ...pipeline.atomic import make_folder, write_atomically
from ...pipeline.errors import OutputError
from ...reports.run.run_cost import RunCost, clip_cost
from ..config import ProcessConfig
from ..engine.machine import machine
from ..exit_code import exit_code, run_code
from ..files.clips import printable
from ..notifying.hooks import origin
from ..shard import Shard
from .run_settings import networks, versions

log = logging.getLogger("vidsharp")

RECORD = "run.json"
"""Of a run of all recordings; see `record_name`."""
FORMAT = 1
"""Raised when readers of older records would misunderstand a newer one."""
KEPT = 100
"""Records of earlier runs that a file keeps, the latest first: enough to see what happened, and never a large file."""

# A `Path` of an address has one slash.
_USER_INFO = re.compile(r"(:/{1,2})[^/@\s]+@")
_HOOKS = ("--on-clip", "--webhook")
_QUERY = re.compile(r"(:/[^?\s]*)\?\S*")


@dataclass
class RunTotals:
    """What a run says of all its clips at its end."""

    run_again: bool = False
    """Whether another run may help clips that have failed."""
    cost: RunCost = field(default_factory=RunCost)
    """Of the chunks that it computed, as far as their clips are finished."""

    def add(self, clip: Mapping[str, Any], chunks: Sequence[Mapping[str, Any]]) -> None:
        """Counts a clip that has come to its end, by its rows of the tables."""
        self.cost += clip_cost(clip, [chunk for chunk in chunks if not chunk["reused"]])


def record_name(shard: Shard | None) -> str:
    """The name of a run's record: each shard has one of its own."""
    return RECORD if shard is None else f"run-{shard.index}-of-{shard.count}.json"


@contextmanager
def recorded(folder: Path, config: ProcessConfig, counts: Mapping[str, int], totals: RunTotals) -> Iterator[None]:
    """Records the run that the `with` block is in the report folder, as `record_name` says.

    Args:
        counts: filled by the run: its clips that have ended, by status.
        totals: filled by the run as well.

    Raises:
        OutputError: the record cannot be written at the start. (At the end, that is only logged.)
    """
    path = folder / record_name(config.shard)
    begun = {
        "format": FORMAT,
        "command": [without_secrets(word) for word in _without_hooks(sys.argv)],
        "settings": _plain({**asdict(config), **_hooks(config)}),
        "networks": networks(config),
        "versions": versions(),
        "machine": machine(),
        "began_at": _now(),
        **dict.fromkeys(("ended_at", "exit_status", "error", "clips", "cost")),
    }
    earlier = earlier_runs(path)
    make_folder(folder)
    _write(path, begun, earlier)
    error: BaseException | None = None
    try:
        yield
    except BaseException as caught:
        error = caught
        raise
    finally:
        ended = {
            "ended_at": _now(),
            "exit_status": exit_code(error) if error else run_code(counts.get("failed", 0), totals.run_again),
            "error": _sentence(error),
            "clips": dict(sorted(counts.items())),
            "cost": totals.cost.figures(),
        }
        try:
            _write(path, {**begun, **ended}, earlier)
        except OutputError as failure:  # what the run itself ended with matters more
            log.error("%s", failure)


def earlier_runs(path: Path) -> Sequence[Mapping[str, Any]]:
    """The runs that a record tells of, the latest first; none where it is missing or damaged."""
    try:
        record = json.loads(path.read_bytes())
        earlier = record.pop("earlier")
        return [record, *earlier][:KEPT] if record["format"] == FORMAT else []
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return []


def _hooks(config: ProcessConfig) -> dict[str, str | None]:
    """A run's hooks without what may be secret: a program's arguments, and an address's path."""
    program = config.on_clip and f"{shlex.split(config.on_clip)[0]} ***"
    return {"on_clip": program, "webhook": config.webhook and origin(config.webhook)}


def _without_hooks(words: Sequence[str]) -> Iterator[str]:
    """A command line without what may be secret in hooks."""
    before = ""
    for word in words:
        option, separator, _ = word.partition("=")
        if separator and option in _HOOKS:
            yield f"{option}=***"
        else:
            yield "***" if before in _HOOKS else word
        before = word


def without_secrets(text: str) -> str:
    """Text in which addresses have neither a user's name and password, nor what follows a `?` (keys of signed
    addresses)."""
    return _QUERY.sub(r"\1?***", _USER_INFO.sub(r"\1***@", text))


def _write(path: Path, run: Mapping[str, Any], earlier: Sequence[Mapping[str, Any]]) -> None:
    text = json.dumps({**run, "earlier": earlier}, indent=1, allow_nan=False)
    write_atomically(path, f"{text}\n".encode())


def _plain(value: Any) -> Any:
    """The value as JSON has it; paths, and numbers that JSON has not, as text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return without_secrets(str(value)) if isinstance(value, str | Path) else value


def _sentence(error: BaseException | None) -> str | None:
    if error is None or isinstance(error, VidsharpError):
        return None if error is None else printable(without_secrets(str(error)))
    return "interrupted" if isinstance(error, KeyboardInterrupt) else type(error).__name__


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
