"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path

import click

from ...models.nets.chroma_choice import CHROMA_CHOICES, DEFAULT_CHROMA
from ...models.nets.look import parse_look

PATH = click.Path(path_type=Path)


def _key_value(ctx: click.Context, parameter: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    options = {}
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not (key and separator):
            raise click.BadParameter(f"{pair!r} is not of the form key=value", ctx, parameter)
        options[key] = value
    return options


def _frames(ctx: click.Context, parameter: click.Parameter, value: str) -> str | int:
    if value in ("auto", "every", "off"):
        return value
    if not value.isdigit():
        raise click.BadParameter(f"{value!r} is neither a number of frames nor 'every' or 'off'", ctx, parameter)
    return int(value)


def look_of_text(ctx: click.Context, parameter: click.Parameter, text: str | None) -> float | None:
    """Raises ModelError where it is no look."""
    return parse_look(text)


def looks_of_texts(ctx: click.Context, parameter: click.Parameter, texts: tuple[str, ...]) -> tuple[float, ...]:
    """Raises ModelError where one is no look."""
    return tuple(look for look in map(parse_look, texts) if look is not None)


chroma_option = click.option(
    "--chroma",
    type=click.Choice(CHROMA_CHOICES),
    help=f"Beside a luma student: colour as it is, or cleaned of smear and blocks [default: {DEFAULT_CHROMA}].",
)


def run_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds what says how recordings are sharpened, in `ProcessConfig`'s words."""
    for option in (
        click.option(
            "--measure",
            default="auto",
            show_default="one frame in 24, at most 100",
            callback=_frames,
            metavar="every|N|off",
            help="How many frames of each clip are measured.",
        ),
        click.option(
            "-e", "encoder_options", multiple=True, callback=_key_value, metavar="K=V", help="Further encoder options."
        ),
        click.option("--preset", metavar="NAME", help="Speed preset of the encoder."),
        click.option("--crf", type=float, metavar="Q", help="Constant rate factor of the encoder."),
        click.option(
            "--encoder", metavar="NAME", help="Output encoder, e.g. libx264 or h264_nvenc [default: the source's]."
        ),
        click.option(
            "--chunk-seconds",
            default=10.0,
            show_default=True,
            metavar="S",
            help="Chunk length; cuts are keyframes, or in long GOPs.",
        ),
        click.option(
            "--address", metavar="A", help="A Ray cluster ('auto' joins a running one) [default: this machine]."
        ),
        click.option(
            "--workers", type=int, metavar="N", help="Sharpening processes [default: one for each GPU, or by CPUs]."
        ),
        click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or cuda:N."),
        chroma_option,
        click.option(
            "--strength",
            default=1.0,
            show_default=True,
            metavar="S",
            help="out = in + S·(student − in), 0 to 1.5; 0 changes nothing.",
        ),
        click.option(
            "--look",
            callback=look_of_text,
            metavar="natural|crisp|0…1",
            help="Of a student that has two: nearest to the original, visibly crisper, or between "
            "[default: the student's].",
        ),
        click.option(
            "--model",
            default="fast",
            show_default=True,
            metavar="NAME|PATH",
            help="A student, sha256: and the beginning of its weights' digest, or a checkpoint file.",
        ),
    ):
        command = option(command)
    return command


overwrite_option = click.option(
    "--overwrite", is_flag=True, help="Replace files that are there, also those that this command did not make."
)


def log_options(command: Callable[..., None]) -> Callable[..., None]:
    """Adds what `set_up_logs` takes: `-v`, `-q` and `--log-json`."""
    for option in (
        click.option("--log-json", is_flag=True, help="Log lines on stderr as JSON objects."),
        click.option("-q", "--quiet", is_flag=True, help="Only errors on stderr."),
        click.option("-v", "--verbose", is_flag=True, help="More on stderr."),
    ):
        command = option(command)
    return command
