"""The command that shows what `process` would make of a few seconds, and what it would take."""

import webbrowser
from typing import TYPE_CHECKING, Any

import click

from ..config import UsageError
from .answer import Answer
from .logs import set_up_logs
from .options import PATH, command, config_option, config_options, log_options, looks_of_texts

if TYPE_CHECKING:
    from ..previewing.preview_job import PreviewResult


@command()
@click.argument("inputs", nargs=-1, required=True, type=PATH, metavar="CLIP...")
@config_option("out", help="Folder for page, pictures and videos; an earlier preview there is replaced.")
@config_option("start", help="Where the part begins: seconds, or h:mm:ss.", default_words="the part is in the middle")
@click.option("--seconds", default=5.0, show_default=True, metavar="S", help="How long the part is.")
@click.option("--clips", default=3, show_default=True, metavar="N", help="Of how many recordings, at most.")
@click.option("-m", "--model", "models", multiple=True, default=("fast",), show_default=True, metavar="NAME|PATH",
              help="A student, a checkpoint file, or an ONNX file; may be given several times.")  # fmt: skip
@click.option("--look", "looks", multiple=True, callback=looks_of_texts, metavar="natural|crisp|0…1",
              help="Of each student; may be given several times [default: its own].")  # fmt: skip
@click.option("--strength", "strengths", multiple=True, type=float, default=(1.0,), show_default=True, metavar="S",
              help="Of each student and look; may be given several times.")  # fmt: skip
@config_options(
    "chroma", "device", "hwaccel", "workers", "engine", "address", "encoder", "crf", "preset", "encoder_options"
)
@config_options("skip_sharp", "max_growth", "target_quality")
@config_option("staging", help="With s3:// and the like: where recordings are brought; on a cluster, a shared folder.")
@click.option("--price", type=float, metavar="P", help="What an hour of this machine costs: says what runs cost.")
@click.option("--open", "show", is_flag=True, help="Open the page in the browser.")
@log_options
def preview(show: bool, quiet: bool, verbose: bool, log_json: bool, **options: Any) -> Answer:
    """Shows a few seconds with each setting, and says what whole runs would take.

    Sharpens the same part of up to three recordings with every student, look and strength that is named, and makes a
    page: videos side by side, the spots that changed most, and each run's hours, size and cost. CLIP is a recording or
    a folder; hours are for all of them.
    """
    set_up_logs(verbose=verbose, quiet=quiet, as_json=log_json)
    from ..previewing.preview_config import PreviewConfig
    from ..previewing.preview_job import preview as run

    result = run(PreviewConfig(**options))
    return Answer(result, lambda: _say(result, show))


def _say(result: "PreviewResult", show: bool) -> None:
    click.echo(preview_text(result), nl=False)
    if show and not webbrowser.open(result.page.absolute().as_uri()):
        raise UsageError(f"no browser was found here to open {result.page}")


def preview_text(result: "PreviewResult") -> str:
    """The preview as text for people."""
    from ...reports.templates.markdown import markdown_table
    from ...reports.templates.page_words import size, spoken

    lines = [f"{clip}: {words}" for clip, words in result.parts.items()]
    lines += [f"{clip} is not shown: {why}" for clip, why in result.not_shown]
    header = ["setting", "whole run", "core-hours", "results"]
    rows = [[cost.name, spoken(cost.wall_s), f"{cost.core_hours:.2g}", size(cost.bytes_out)] for cost in result.costs]
    for name, figures in (
        ("GPU-hours", [cost.gpu_hours for cost in result.costs]),
        ("costs", [cost.price for cost in result.costs]),
    ):
        if all(figure is not None for figure in figures):
            header.append(name)
            for row, figure in zip(rows, figures, strict=True):
                row.append(f"{figure:.2f}")
    lines += ["", markdown_table(header, rows).rstrip("\n"), "", f"page: {result.page}"]
    return "\n".join(lines) + "\n"
