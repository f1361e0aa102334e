"""How much results grow, without and with `--max-growth`: a table on stdout.

`python -m benchmarks.quality.max_growth RECORDING|FOLDER... --growth 1.5`

Of long recordings a part is taken, up to `--megapixels` of it, from the beginning on.
"""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.files.clips import Clip, find_clips
from vidsharp.jobs.processing.process_job import process
from vidsharp.models.errors import VidsharpError
from vidsharp.pipeline.choose_rate import Recording
from vidsharp.pipeline.part import Part
from vidsharp.pipeline.plan import plan_chunks
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.recording import silence
from vidsharp.pipeline.timeline import read_timeline
from vidsharp.pipeline.window import pictures_of

ENDS = (0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds that may be taken of a recording."""


@dataclass(frozen=True)
class Taken:
    """A recording, and what is taken of it."""

    clip: Clip
    end: float | None
    """None: all."""
    bytes: int
    """What is taken of it; 0 where it cannot be opened."""


@click.command()
@click.argument("inputs", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True))
@click.option("--growth", default=1.5, show_default=True)
@click.option("--megapixels", default=60.0, show_default=True, help="Of each recording, as far as times allow.")
def main(inputs: tuple[Path, ...], growth: float, megapixels: float) -> None:
    """Sharpens with the bound, and without it where it made a difference."""
    silence()
    found = [_taken(clip, megapixels * 1e6) for clip in find_clips(inputs, Path("nowhere"))]
    click.echo("| recording | taken | growth without | with | encoder | |\n|---|---|---|---|---|---|")
    for end in (*ENDS, None):
        if group := [taken for taken in found if taken.end == end]:
            bound = _rows(group, growth)
            changed = [each for each in group if _was_bound(bound[each.clip.name])]
            free = _rows(changed, None) if changed else {}
            for each in group:
                name = each.clip.name
                click.echo(_line(each, free.get(name, bound[name]), bound[name], growth))


def _taken(clip: Clip, pixels: float) -> Taken:
    try:
        info = probe(clip.path)
        timeline = read_timeline(info)
    except VidsharpError:
        return Taken(clip, None, 0)
    pictures = sum(packet.shown for packet in timeline)
    affordable_s = info.duration_s and info.duration_s * pixels / max(1, pictures * info.width * info.height)
    end = None
    if affordable_s and affordable_s < (info.duration_s or 0):
        end = max((end for end in ENDS if end <= affordable_s), default=ENDS[0])
    within = pictures_of(Part(None, end), info, timeline)
    chunks = plan_chunks(timeline, 1 << 60, within=within, inside_gops=False)
    whole = Recording(info, timeline, chunks, within, clip.path.stat().st_size)
    return Taken(clip, end, whole.room(1.0))


def _rows(group: Sequence[Taken], growth: float | None) -> dict[str, dict[str, Any]]:
    """Rows of the table `clips`, by clip."""
    with tempfile.TemporaryDirectory() as out:
        config = ProcessConfig(
            tuple(each.clip.path for each in group), Path(out), engine="local", workers=1, device="cpu",
            measure="off", page=False, end=group[0].end, max_growth=growth,
        )  # fmt: skip
        return {row["clip"]: row for row in process(config).rows}


def _was_bound(row: dict[str, Any]) -> bool:
    return row["status"] == "failed" or "--max-growth" in (row["note"] or "")


def _line(taken: Taken, free: dict[str, Any], bound: dict[str, Any], growth: float) -> str:
    grown, held = (row["bytes_out"] and row["bytes_out"] / taken.bytes for row in (free, bound))
    said = "" if held is not None and held <= growth else "TOO LARGE" if held is not None else bound["error"]
    part = "all" if taken.end is None else f"{taken.end:g} s"
    cells = [taken.clip.path.name, part, *("–" if each is None else f"{each:.2f}" for each in (grown, held))]
    return f"| {' | '.join([*cells, bound['encoder'] or '', said])} |"


if __name__ == "__main__":
    main()
