"""`python -m vidsharp.training.screens`: screens to look at."""

from pathlib import Path

import click

from ..errors import ScreenError
from .clip import screen_clip
from .contact_sheet import contact_sheet, save_clip, save_picture


@click.command()
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), required=True, help="Folder to write into.")
@click.option("--seed", default=0, show_default=True, help="Seed of the first screen; the others follow.")
@click.option("--count", default=13, show_default=True, type=click.IntRange(1), help="How many screens.")
@click.option("--size", default="1280x720", show_default=True, help="Width and height of each in px.")
@click.option("--frames", default=60, show_default=True, type=click.IntRange(1), help="Frames of each.")
@click.option(
    "--face", "faces", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Clip for the small tile at a corner; may be given several times.",
)  # fmt: skip
@click.option("--held-out", is_flag=True, help="The fonts and layouts that are set aside for the benchmark.")
@click.option("--clips", is_flag=True, help="Also each screen as a lossless clip (FFV1 in Matroska).")
@click.option("--columns", default=2, show_default=True, type=click.IntRange(1), help="Screens beside each other.")
@click.option("--jpeg", type=click.IntRange(1), help="The sheet as a JPEG of at most so many kB, instead of a PNG.")
def main(
    out: Path,
    seed: int,
    count: int,
    size: str,
    frames: int,
    faces: tuple[Path, ...],
    held_out: bool,
    clips: bool,
    columns: int,
    jpeg: int | None,
) -> None:
    """Draws screens, and writes their middle frames on one contact sheet."""
    width, height = _size(size)
    try:
        screens = [
            screen_clip(number, width, height, frames, held_out=held_out, faces=faces)
            for number in range(seed, seed + count)
        ]
        out.mkdir(parents=True, exist_ok=True)
        name = f"screens{'-held-out' if held_out else ''}-{seed}"
        sheet = contact_sheet([each.frames[frames // 2].picture for each in screens], min(columns, count))
        path = out / f"{name}.{'jpg' if jpeg else 'png'}"
        save_picture(path, sheet, jpeg * 1000 if jpeg else None)
        click.echo(path)
        for number, screen in enumerate(screens, seed) if clips else ():
            path = out / f"{name.rsplit('-', 1)[0]}-{number}-{screen.layout}.mkv"
            save_clip(path, screen)
            click.echo(path)
    except (ScreenError, OSError) as error:
        raise click.ClickException(str(error)) from error


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.lower().partition("x")
    if not (width.isdigit() and height.isdigit()):
        raise click.ClickException(f"A size is WIDTHxHEIGHT in px, such as 1280x720, not '{text}'.")
    return int(width), int(height)


if __name__ == "__main__":
    main()
