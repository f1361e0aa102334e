"""The page of a run: one HTML file that shows what was gained, what it cost and what went wrong.

It needs no network. Its two scripts and its style are named by their hashes in its content security policy, so nothing
that a recording is called can run; all figures are also there without scripts.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.resources import files
from typing import Any

import pyarrow as pa
from markupsafe import Markup

from ...models.wording import counted
from ..templates.page_template import page_template, script_json
from ..templates.page_words import cell, size, spoken
from .figures import FINISHED, TableRows, figures_of
from .headline import Row, headline, sharpness_ratio, ssim_gain, worst_first
from .page_previews import Preview, Previews, first_that_fit
from .run_data import chunks_by_clip, chunks_that_fit, clip_columns, cost_and_gain, distributions, series_by_clip
from .tables import rows

SHOWN_MAX = 500
"""So many clips are on the page in full; figures, distributions and sentences are of all."""
PAGE_MAX_BYTES = 4_950_000
"""So large may the page become, so that it can still be mailed."""
PICTURES_MAX_CHARS = 3_900_000
"""For all pictures together, where the rest of the page leaves so much."""
PICTURES_MIN_CHARS = 1_000_000
"""For all pictures together, however large the rest is."""


@dataclass(frozen=True)
class Column:
    """A column of the table of clips."""

    name: str
    title: str
    unit: str = ""
    """Second line of the heading."""


COLUMNS = (
    Column("clip", "Clip"),
    Column("status", "Status"),
    Column("duration_s", "Length", "h:m:s"),
    Column("frames", "Frames"),
    Column("frames_lost", "Frames", "lost"),
    Column("fps", "Speed", "fps"),
    Column("sharpness_before", "Sharpness", "before"),
    Column("sharpness_after", "Sharpness", "after"),
    Column("ssim_input", "SSIM", "to input"),
    Column("ssim_ref_before", "SSIM to original", "before"),
    Column("ssim_ref_after", "SSIM to original", "after"),
)
_ONLY_IF_KNOWN = ("ssim_ref_before", "ssim_ref_after")
_FILTERS = {
    "cell": cell, "spoken": spoken, "size": size, "counted": counted, "ratio": sharpness_ratio, "gain": ssim_gain
}  # fmt: skip


def quality_page(
    clips: TableRows,
    chunks: TableRows,
    frames: TableRows,
    previews: Previews,
    about: Mapping[str, str],
) -> str:
    """The page as HTML, to be written as UTF-8.

    Args:
        clips, chunks, frames: tables of `CLIP_COLUMNS`, `CHUNK_COLUMNS`, `FRAME_COLUMNS`. Of all clips only their
            `Figures` are in memory at once.
        previews: by clip, the JSON text of its before and after pictures; what is not sound is left out.
        about: `made`, a phrase: when, and by which version.
    """
    figures = figures_of(clips)
    shown = sorted(figures.worst(SHOWN_MAX).tolist())
    clip_rows = _rows_of(clips, figures.clips.take(pa.array(shown, pa.int64())))
    order = worst_first(clip_rows)
    head = headline(figures, chunks, clips)
    chunk_rows, without_chunks = chunks_that_fit([clip_rows[i]["clip"] for i in order], chunks)
    compared, scatter = distributions(figures), cost_and_gain(figures, shown)
    data: dict[str, Any] = {
        "clips": clip_columns(clip_rows),
        "chunks": chunks_by_clip(clip_rows, chunk_rows),
        "frames": series_by_clip(clip_rows, frames),
        "scatter": scatter,
        "histograms": {each.name: asdict(each.bars) for each in compared},
    }
    style, scripts = _asset("quality.css"), (_asset("vendor/chart.umd.min.js"), _asset("quality.js"))
    template = page_template("quality.html.j2", _FILTERS)
    all_but_pictures = {
        "about": about,
        "policy": _policy(style, scripts),
        "style": style,
        "scripts": scripts,
        "licence": _asset("vendor/chart.LICENSE.txt"),
        "head": head,
        "shown_counts": {status: sum(clip["status"] == status for clip in clip_rows) for status in head.counts},
        "without_chunks": len(without_chunks),
        "columns": _columns(clip_rows),
        "table": [(i, clip_rows[i]) for i in order],
        "failed": [{**clip_rows[i], "index": i} for i in order if clip_rows[i]["status"] == "failed"],
        "noted": [{**clip_rows[i], "index": i} for i in order if clip_rows[i]["note"] is not None],
        "distributions": compared,
        "scatter": scatter,
    }

    def page(fitted: Mapping[int, Preview]) -> str:
        levels = [fitted[i].level if i in fitted else None for i in range(len(clip_rows))]
        return template.render(
            **all_but_pictures,
            without_pictures=_without_pictures(levels),
            previews=[(i, preview.json) for i, preview in sorted(fitted.items()) if preview.json],
            data=script_json({**data, "pictures": levels, "example": _example(clip_rows, levels)}),
        )

    # How much the pictures may take depends on how much all the rest does.
    room = max(PICTURES_MIN_CHARS, min(PICTURES_MAX_CHARS, PAGE_MAX_BYTES - len(page({}).encode())))
    fitted = first_that_fit([clip_rows[i]["clip"] for i in order], previews, room)
    return page({i: fitted[row["clip"]] for i, row in enumerate(clip_rows) if row["clip"] in fitted})


def _rows_of(table: TableRows, clips: pa.ChunkedArray) -> Sequence[Row]:
    found = [*table.batches(None, clips.combine_chunks())]
    return rows(pa.concat_tables(found).to_pandas()) if found else []


def _asset(name: str) -> Markup:
    """Our own style or script, as it shall stand in the page."""
    return Markup((files("vidsharp.reports") / "templates" / name).read_text("utf-8"))


def _policy(style: str, scripts: Sequence[str]) -> str:
    def source(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    return (
        f"default-src 'none'; script-src {' '.join(map(source, scripts))}; style-src {source(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )


def _columns(clips: Sequence[Row]) -> list[tuple[Column, bool]]:
    """The columns of the table, and whether any clip has a value there."""
    known = {column.name: any(clip[column.name] is not None for clip in clips) for column in COLUMNS}
    return [
        (column, known[column.name]) for column in COLUMNS if known[column.name] or column.name not in _ONLY_IF_KNOWN
    ]


def _example(clips: Sequence[Row], levels: Sequence[str | None]) -> int | None:
    """A typical clip with pictures, not the best one: that of the median gain, else of the median sharpness ratio."""
    shown = [i for i, level in enumerate(levels) if level not in (None, "none") and clips[i]["status"] in FINISHED]
    for figure in (ssim_gain, sharpness_ratio):
        known = sorted((gain, i) for i in shown if (gain := figure(clips[i])) is not None)
        if known:
            return known[len(known) // 2][1]
    return shown[0] if shown else None


def _without_pictures(levels: Sequence[str | None]) -> dict[str, int]:
    """How many clips lack their whole frame, and how many all pictures, because there was no room."""
    return {"whole": sum(level in ("pair", "spot") for level in levels), "all": levels.count("none")}
