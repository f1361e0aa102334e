"""The answer of a command: words for people, or with `--json` one form for all commands."""

import json
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, is_dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from ..exit_code import OK
from .profiles import check_variables, name_variables, profile_option

FORMAT = 1
"""Raised when readers of an older form would misunderstand a newer one."""

_JSON = "vidsharp.json"
"""Where a context's `meta` says that JSON is wanted."""


def _nothing() -> None: ...


@dataclass(frozen=True)
class Answer:
    """What a command ends with."""

    result: Any
    """All of it, for programs: plain values, dataclasses and paths."""
    say: Callable[[], None] = _nothing
    """Prints it for people."""
    summary: Mapping[str, Any] = field(default_factory=dict)
    """The figures to look at first."""
    code: int = OK


class AnswerCommand(click.Command):
    """A command that returns an `Answer`, and has the option `--json`; where it has others, `--profile`, too."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        wanted = click.Option(
            ["--json"], is_flag=True, is_eager=True, expose_value=False, callback=_want_json,
            help="The result as JSON, in the form that all commands have.",
        )  # fmt: skip
        if any(isinstance(each, click.Option) for each in self.params):
            self.params.append(profile_option())
        self.params.append(wanted)
        self.words = str(self.name)
        """As people call it: those of a group's commands begin with the group's."""
        name_variables(self, self.words)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not (ctx.resilient_parsing or set(args) & {*ctx.help_option_names}):
            check_variables(self, self.words)
        return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        answer: Answer = super().invoke(ctx)
        if wants_json(ctx):
            _write(ctx.command.name, answer.code, None, answer.summary, answer.result)
        else:
            answer.say()
        ctx.exit(answer.code)


class AnswerGroup(AnswerCommand, click.Group):
    """A group that answers by itself where no command of it is called."""

    command_class = AnswerCommand

    def add_command(self, cmd: click.Command, name: str | None = None) -> None:
        super().add_command(cmd, name)
        if isinstance(cmd, AnswerCommand):
            cmd.words = f"{self.words} {cmd.words}"
            name_variables(cmd, cmd.words)


def _want_json(ctx: click.Context, parameter: click.Parameter, value: bool) -> None:
    ctx.meta[_JSON] = ctx.meta.get(_JSON) or value


def wants_json(ctx: click.Context | None = None) -> bool:
    """Whether stdout is for JSON."""
    return bool((ctx or click.get_current_context()).meta.get(_JSON))


def foresee_json(ctx: click.Context, words: list[str]) -> None:
    """Notes whether JSON is wanted before anything can go wrong with a command's words."""
    ctx.meta[_JSON] = "--json" in words


def answer_error(ctx: click.Context, sentence: str, code: int) -> None:
    """The error that a command ends with, where JSON is wanted; nothing elsewhere."""
    if wants_json(ctx):
        _write(ctx.invoked_subcommand, code, sentence, {}, None)


def _write(command: str | None, code: int, error: str | None, summary: Mapping[str, Any], result: Any) -> None:
    whole = {
        "format": FORMAT,
        "vidsharp": version("vidsharp"),
        "command": command,
        "exit_code": code,
        "error": error,
        "summary": summary,
        "result": result,
    }
    sys.stdout.write(json.dumps(plain(whole), indent=2, allow_nan=False) + "\n")


def plain(value: Any) -> Any:
    """The value as JSON has it: dataclasses as objects, paths as text, null for numbers that are none."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    if isinstance(value, Mapping):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain(inner) for inner in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value
