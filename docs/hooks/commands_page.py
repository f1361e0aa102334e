"""The reference of the commands, made of the command line itself when the site is built."""

import html
import re
from typing import Any

import click

MARK = "<!-- commands -->"
DEFAULT = re.compile(r"\s*\[(?:default: )?([^\[\]]*)\]$")


def on_page_markdown(markdown: str, **_: Any) -> str:
    if MARK not in markdown:
        return markdown
    from vidsharp.jobs.cli.main import main

    return markdown.replace(MARK, commands(main))


def commands(group: click.Group, name: str = "vidsharp") -> str:
    """A section for each command of a group, those of groups within it among them; Markdown."""
    from vidsharp.jobs.cli.command_tree import commands_below

    return "\n\n".join(section(command, whole) for whole, command in commands_below(group, name))


def section(command: click.Command, name: str) -> str:
    """What a command does, how it is called, and its options; Markdown."""
    context = click.Context(command, info_name=name)
    usage = " ".join([name, *command.collect_usage_pieces(context)])
    parts = [f"## `{name}`", paragraphs(command.help or ""), f"```\n{usage}\n```"]
    if rows := [row(parameter, context) for parameter in command.params if isinstance(parameter, click.Option)]:
        parts.append("\n".join(["| option | default | meaning |", "|---|---|---|", *rows]))
    return "\n\n".join(parts)


def paragraphs(help: str) -> str:
    r"""A docstring's text as Markdown: each paragraph that follows click's `\b` keeps its lines."""
    found = []
    for paragraph in re.split(r"\n\s*\n", help.strip()):
        lines = [line.strip() for line in paragraph.splitlines()]
        kept = lines[0] == "\b"
        found.append("```\n" + "\n".join(lines[1:]) + "\n```" if kept else escaped(" ".join(lines)))
    return "\n\n".join(found)


def row(option: click.Option, context: click.Context) -> str:
    """A line of the table: names and value, default, meaning."""
    record = option.get_help_record(context)
    assert record is not None, f"{option.name} has no help record"
    flags, meaning = record
    default = ""
    if found := DEFAULT.search(meaning):
        meaning, default = meaning[: found.start()], found[1]
    return f"| {code(flags)} | {escaped(default)} | {escaped(meaning)} |"


def code(text: str) -> str:
    """Code in a table's cell, in HTML: how a line is escaped within backticks there, readers of Markdown disagree."""
    return f"<code>{html.escape(text, quote=False).replace('|', '&#124;')}</code>"


def escaped(text: str) -> str:
    """Plain text as Markdown, in a table or not."""
    return re.sub(r"([|*_<`])", r"\\\1", text)
