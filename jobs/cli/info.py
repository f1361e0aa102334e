"""The command `info`."""

from pathlib import Path

import click

from .options import PATH


@click.command()
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
def info(files: tuple[Path, ...]) -> None:
    """Tells what sharpened files say of their making: version, student, strength, encoder, recording."""
    from ..tools.info_job import info as read
    from ..tools.info_job import info_text

    for path in files:
        click.echo(info_text(path, read(path)))
