"""Options of the command line: those of settings fields, made from what stands at the fields, and what all share."""

import re
from collections.abc import Callable, Mapping
from dataclasses import MISSING
from functools import cache, partial
from pathlib import Path
from types import NoneType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import click
from click.shell_completion import CompletionItem

from ...models.nets.catalogue import AUTO, earlier_names, student_names
from ...models.nets.look import parse_look
from ..config import ProcessConfig
from ..option import option_of
from ..shard import Shard
from .answer import Answer, AnswerCommand

command = partial(click.command, cls=AnswerCommand)
"""Makes a command of a function that returns an `Answer`."""


class _Path(click.Path):
    """Refuses an empty path, such as a shell makes of a variable that is not set: Python takes it for this folder."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("a path is empty (a variable that is not set?); this folder is '.'", param, ctx)
        return super().convert(value, param, ctx)


PATH = _Path(path_type=Path)

Command = Callable[..., Answer]
Decorator = Callable[[Command], Command]


def _key_value(ctx: click.Context, parameter: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    options = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not (key and separator):
            raise click.BadParameter(f"{pair!r} is not of the form key=value", ctx, parameter)
        options[key] = value
    return options


def _frames(ctx: click.Context, parameter: click.Parameter, value: str) -> str | int:
    if value in ("auto", "every", "off"):
        return value
    if not value.isdigit():
        raise click.BadParameter(f"{value!r} is neither a number of frames nor 'every' or 'off'", ctx, parameter)
    return int(value)


def _look(ctx: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """Raises ModelError where it is no look."""
    return parse_look(text)


def looks_of_texts(ctx: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[float, ...]:
    """Raises ModelError where one is no look."""
    return tuple(look for look in map(parse_look, texts) if look is not None)


def _time(ctx: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """Seconds, from a number of them or from h:mm:ss."""
    if text is None:
        return None
    found = _CLOCK.fullmatch(text)
    if not found:
        raise click.BadParameter(f"{text!r} is no time: write seconds, or h:mm:ss, such as 90 or 1:30", ctx, parameter)
    hours, minutes, seconds = (float(part or 0) for part in found.groups())
    return 3600 * hours + 60 * minutes + seconds


_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d*)?|\.\d+)", re.ASCII)


def _shard(ctx: click.Context, parameter: click.Parameter, text: str | None) -> Shard | None:
    if text is None:
        return None
    shard = Shard.parse(text)
    if shard is None:
        raise click.BadParameter(f"{text!r} is not of the form I/N, such as 0/4 for the first of four", ctx, parameter)
    return shard


def _complete_student(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """The students' names; files are completed once one has begun to name a folder."""
    names = [AUTO, *student_names(), *earlier_names()]
    found = [CompletionItem(name) for name in names if name.startswith(begun)]
    return found or [CompletionItem(begun, type="file")]


_READ_BY: Mapping[str, Mapping[str, Any]] = {
    "model": {"shell_complete": _complete_student},
    "look": {"callback": _look},
    "start": {"callback": _time},
    "end": {"callback": _time},
    "measure": {"callback": _frames},
    "shard": {"callback": _shard},
    "encoder_options": {"callback": _key_value, "multiple": True},
}
"""How the text of an option is read where its field's type does not say it."""


def config_option(
    name: str,
    *,
    settings: type = ProcessConfig,
    help: str | None = None,
    default_words: str | None = None,
    **more: Any,
) -> Decorator:
    """The option of a field of `ProcessConfig`.

    Args:
        settings: another class that has the field.
        help, default_words: what a command says of it otherwise.
        more: what `click.option` is to be told otherwise.
    """
    field, said = option_of(settings, name)
    flags = said.flags or (f"--{name.replace('_', '-')}",)
    words = default_words or said.default_words
    default = _default_words(field.default) if words is None else words
    text = f"{help or said.help}  [default: {default}]" if default else help or said.help
    needed: dict[str, Any] = {"required": True} if field.default is field.default_factory is MISSING else {}
    given = {"help": text, "metavar": said.metavar, **needed, **_read(settings, name, field.default), **more}
    return click.option(*flags, name, **given)


def config_options(*names: str) -> Decorator:
    """The options of several fields of `ProcessConfig`, in this order."""

    def add(command: Command) -> Command:
        for name in reversed(names):
            command = config_option(name)(command)
        return command

    return add


def _default_words(default: Any) -> str:
    if default is MISSING or default is None or isinstance(default, bool):
        return ""
    return f"{default:g}" if isinstance(default, float) else str(default)


@cache
def _hints(settings: type) -> Mapping[str, Any]:
    """The types of all of a class's fields: to find them out takes a millisecond, for a hundred options."""
    return get_type_hints(settings)


def _read(settings: type, name: str, default: Any) -> Mapping[str, Any]:
    """What `click.option` is told of a field's type and default."""
    shown = {} if default is MISSING else {"default": default}
    if name in _READ_BY:
        return {**shown, **_READ_BY[name]}
    hint = _hints(settings)[name]
    (kind,) = [part for part in get_args(hint) if part is not NoneType] if NoneType in get_args(hint) else [hint]
    if kind is bool:
        return shown if default else {"is_flag": True}
    if get_origin(kind) is Literal:
        return {"type": click.Choice(get_args(kind)), **shown}
    return {"type": PATH if kind is Path else kind, **shown}


run_options = config_options(
    *("model", "look", "strength", "chroma", "start", "end", "device", "precision", "batch", "graphs"),
    "hwaccel",
    *("workers", "engine", "address", "chunk_seconds"),
    *("encoder", "crf", "preset", "encoder_options", "measure"),
    *("skip_sharp", "max_growth", "target_quality"),
)
"""What says how recordings are sharpened."""

overwrite_option = click.option(
    "--overwrite", is_flag=True, help="Replace files that are there, also those that this command did not make."
)

events_option = click.option(
    "--events", type=PATH, metavar="FILE", help="Where a line of JSON goes for each thing that happens; - is stdout."
)


def log_options(command: Command) -> Command:
    """Adds what `set_up_logs` takes: `-v`, `-q` and `--log-json`."""
    for option in (
        click.option("--log-json", is_flag=True, help="Log lines on stderr as JSON objects."),
        click.option("-q", "--quiet", is_flag=True, help="Only errors on stderr."),
        click.option("-v", "--verbose", is_flag=True, help="More on stderr."),
    ):
        command = option(command)
    return command
