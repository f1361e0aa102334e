"""The manual page, made of the command line itself: roff, as `man` reads it."""

import re
from collections.abc import Iterator
from importlib.metadata import version

import click

from ..exit_code import INTERRUPTED, OK, RUN_AGAIN, SOME_FAILED, TERMINATED, WRONG_USAGE
from .command_tree import commands_below

_CODES = {
    OK: "All is done.",
    SOME_FAILED: "Some clips failed, and another run will not help.",
    WRONG_USAGE: "Wrong usage.",
    RUN_AGAIN: "The cluster, a disk or a bucket failed: the same command goes on once that is mended.",
    INTERRUPTED: "SIGINT; what is finished is kept.",
    TERMINATED: "SIGTERM; what is finished is kept.",
}

_ENVIRONMENT = """Every option has a variable: VIDSHARP_PROCESS_CHUNK_SECONDS is --chunk-seconds of process. What the
command line says counts first, then the environment, then the profile that --profile (or VIDSHARP_PROFILE) names, then
the default."""

_FILES = "Profiles: tables of options by their long names. The one in the working folder is taken, else the user's."


def man_page(group: click.Group, name: str) -> str:
    """The page of a command line, for section 1."""
    lines = [f'.TH {name.upper()} 1 "" "{name} {version(name)}"', ".SH NAME"]
    lines += [_text(f"{name} - {(group.help or '').splitlines()[0].rstrip('.')}")]
    lines += [".SH SYNOPSIS", f".B {_text(name)}", "COMMAND [OPTIONS] ...", ".SH COMMANDS"]
    for whole, command in commands_below(group, name):
        lines += _command(command, whole)
    lines += [".SH ENVIRONMENT", _text(" ".join(_ENVIRONMENT.split()))]
    lines += [".SH FILES", ".TP", r"\fB./vidsharp.toml\fR, \fB~/.config/vidsharp/vidsharp.toml\fR", _text(_FILES)]
    lines.append(".SH EXIT STATUS")
    for code, meaning in _CODES.items():
        lines += [".TP", rf"\fB{code}\fR", _text(meaning)]
    return "\n".join(lines) + "\n"


def _command(command: click.Command, name: str) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    usage = " ".join(command.collect_usage_pieces(context))
    yield rf".SS \fB{_text(name)}\fR {_text(usage)}"
    yield from _paragraphs(command.help or "")
    for option in command.params:
        record = option.get_help_record(context)
        if record is not None:
            yield from (".TP", rf"\fB{_text(record[0])}\fR", _text(record[1]))


def _paragraphs(help: str) -> Iterator[str]:
    r"""A docstring's text; paragraphs that follow click's `\b` keep their lines."""
    for paragraph in re.split(r"\n\s*\n", help.strip()):
        lines = [line.strip() for line in paragraph.splitlines()]
        yield ".PP"
        if lines[0] == "\b":
            yield from (".nf", *map(_text, lines[1:]), ".fi")
        else:
            yield _text(" ".join(lines))


def _text(words: str) -> str:
    """Text that roff takes as it is: no line begins a request, and hyphens stay hyphens, to be copied."""
    escaped = words.replace("\\", r"\e").replace("-", r"\-")
    return re.sub(r"(?m)^(?=[.'])", r"\&", escaped)
