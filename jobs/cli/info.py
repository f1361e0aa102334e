"""The command `info`."""

from pathlib import Path

import click

from .answer import Answer, wants_json
from .options import PATH, command


@command()
@click.argument("files", nargs=-1, required=True, type=PATH, metavar="FILE...")
def info(files: tuple[Path, ...]) -> Answer:
    """Tells what sharpened files say of their making: version, student, strength, encoder, recording."""
    from ..tools.info_job import info as read
    from ..tools.info_job import info_text

    found = []
    for path in files:
        found.append({"file": path, "made": read(path)})
        if not wants_json():
            click.echo(info_text(path, found[-1]["made"]))
    return Answer(found)
