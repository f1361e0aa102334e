"""Options and exit codes that several commands share."""

from collections.abc import Callable
from pathlib import Path

import click

OK, SOME_FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
PATH = click.Path(path_type=Path)


def log_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds what `set_up_logs` takes: `-v`, `-q` and `--log-json`."""
    for option in (
        click.option("--log-json", is_flag=True, help="Log lines on stderr as JSON objects."),
        click.option("-q", "--quiet", is_flag=True, help="Only errors on stderr."),
        click.option("-v", "--verbose", is_flag=True, help="More on stderr."),
    ):
        command = option(command)
    return command
