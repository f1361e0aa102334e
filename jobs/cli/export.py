"""The command `models export`."""

from pathlib import Path

import click

from .options import PATH, config_option, overwrite_option


@click.command()
@click.argument("model", metavar="NAME|PATH")
@click.option("--out", type=PATH, metavar="FILE", help="Where it goes [default: NAME.onnx here].")
@config_option("look")
@overwrite_option
def export(model: str, out: Path | None, look: float | None, overwrite: bool) -> None:
    """Writes a student as an ONNX file, which takes and gives float pictures [N, 1 or 3, height, width] of 0 to 1."""
    from ..tools.export_job import export as run

    click.echo(run(model, out, look, overwrite=overwrite))
