"""Which recordings `--skip-sharp` would copy: the steepness of their edges, a line for each; the limit is `STEEP`.

`python -m benchmarks.quality.skip_sharp sharp/ soft/light soft/medium …`, where `vidsharp simulate` made the soft ones.
"""

from pathlib import Path

import click
from vidsharp.pipeline.edge_steepness import STEEP, least_steepness
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.recording import silence
from vidsharp.pipeline.timeline import read_timeline


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
def main(folders: tuple[Path, ...]) -> None:
    """Prints a table, and how many of each folder would be copied."""
    silence()
    click.echo("| folder | clip | steepness | copied |\n|---|---|---|---|")
    for folder in folders:
        copied, clips = 0, sorted(path for path in folder.iterdir() if path.suffix not in (".json", ".csv"))
        for clip in clips:
            info = probe(clip)
            found = least_steepness(info, read_timeline(info))
            sharp = found is not None and found >= STEEP
            copied += sharp
            shown = "–" if found is None else f"{found:.3f}"
            click.echo(f"| {folder.name} | {clip.stem} | {shown} | {'yes' if sharp else ''} |")
        click.echo(f"| {folder.name} | all {len(clips)} | | {copied} |")


if __name__ == "__main__":
    main()
