"""A run in a few lines of text: the clips to look at first, for a terminal, for Markdown, for other programs."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict

import pyarrow as pa

from ..templates.markdown import as_text, markdown_table
from .figures import TableRows, figures_of
from .headline import Row, headline, sharpness_ratio, ssim_gain, worst_first
from .tables import rows

_FIGURES: Mapping[str, tuple[str, Callable[[Row], float | None]]] = {
    "frames": (",d", lambda clip: clip["frames"]),
    "lost": (",d", lambda clip: clip["frames_lost"]),
    "fps": (".1f", lambda clip: clip["fps"]),
    "SSIM to input": (".4f", lambda clip: clip["ssim_input"]),
    "sharper ×": (".2f", sharpness_ratio),
    "SSIM gain": ("+.4f", ssim_gain),
}
"""Columns of numbers: how they are written, and where they come from."""


def run_table(clips: Sequence[Row], limit: int | None = None) -> tuple[list[str], list[list[str]], int]:
    """Header and cells of the clips, worst first, and how many more there are.

    A column of figures that no clip has is left out; `–` stands for a figure that a clip lacks. The first two columns
    are text.

    Args:
        clips: rows of `CLIP_COLUMNS`.
        limit: at most so many clips; None for all.
    """
    figures = {name: (form, of) for name, (form, of) in _FIGURES.items() if any(of(clip) is not None for clip in clips)}
    if not any(clip["frames_lost"] for clip in clips):
        figures.pop("lost", None)
    shown = [clips[i] for i in worst_first(clips)[:limit]]
    cells = [
        [clip["clip"], clip["status"], *(_written(of(clip), form) for form, of in figures.values())] for clip in shown
    ]
    return ["clip", "status", *figures], cells, len(clips) - len(shown)


def run_markdown(clips: TableRows, chunks: TableRows) -> str:
    """The run as Markdown: what happened, every clip, and why clips failed."""
    clip_rows, said = _all_rows(clips), headline(figures_of(clips), chunks, clips)
    header, cells, _ = run_table(clip_rows)
    parts = [f"# {said.title}\n", f"{said.lead}\n" if said.lead else ""]
    if cells:
        parts.append(markdown_table(header, [[as_text(cell) for cell in row] for row in cells], text_columns=2))
    failed = [(as_text(clip["clip"]), as_text(clip["error"] or "")) for clip in clip_rows if clip["status"] == "failed"]
    if failed:
        parts.append("## Failed\n\n" + markdown_table(["clip", "why"], failed, text_columns=2))
    return "\n".join(part for part in parts if part)


def run_json(clips: TableRows, chunks: TableRows) -> str:
    """The run as JSON: `summary`, and `clips` as the table has them, worst first; no NaN, null for what is unknown."""
    clip_rows, said = _all_rows(clips), headline(figures_of(clips), chunks, clips)
    ordered = [clip_rows[i] for i in worst_first(clip_rows)]
    return json.dumps({"summary": asdict(said), "clips": ordered}, indent=2, allow_nan=False) + "\n"


def _all_rows(table: TableRows) -> Sequence[Row]:
    found = [*table.batches()]
    return rows(pa.concat_tables(found).to_pandas()) if found else []


def _written(value: float | None, form: str) -> str:
    return "–" if value is None else f"{value:{form}}"
