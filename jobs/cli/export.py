"""The command `models export`."""

from pathlib import Path

import click

from .answer import Answer
from .options import PATH, command, config_option, overwrite_option


@command()
@click.argument("model", metavar="NAME|PATH")
@click.option("-o", "--out", type=PATH, metavar="FILE", help="Where it goes [default: NAME.onnx here].")
@config_option("look")
@overwrite_option
def export(model: str, out: Path | None, look: float | None, overwrite: bool) -> Answer:
    """Writes a student as an ONNX file, which takes and gives float pictures [N, 1 or 3, height, width] of 0 to 1."""
    from ..tools.export_job import export as run

    file = run(model, out, look, overwrite=overwrite)
    return Answer({"file": file}, lambda: click.echo(file))
