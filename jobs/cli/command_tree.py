"""All commands of a command line, those of groups within it among them."""

from collections.abc import Iterator

import click


def commands_below(group: click.Group, name: str) -> Iterator[tuple[str, click.Command]]:
    """Each command with its whole name, `vidsharp models export`, a group before its own."""
    for word in group.list_commands(click.Context(group, info_name=name)):
        command, whole = group.commands[word], f"{name} {word}"
        yield whole, command
        if isinstance(command, click.Group):
            yield from commands_below(command, whole)
