"""The data for the script of a run's page: clips, chunks and measured frames as columns, few enough to send."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa

from .figures import Figures, TableRows
from .headline import Row
from .series import Histogram, binned, histogram
from .tables import CHUNK_COLUMNS, CLIP_COLUMNS, FRAME_COLUMNS, rows
from .work_times import without_pauses

POINTS = 200
"""At most so many in one clip's plots ..."""
POINTS_OF_ALL = 10_000
"""... and about so many in those of all clips, but never fewer than `POINTS_MIN` in one."""
POINTS_MIN = 20
CHUNKS_MAX = 20_000
"""So many chunks are on the page: those of the clips to look at first, of whole clips, and at least of one."""
POINTS_OF_SCATTER = 2_000
"""At most about so many clips are points of the plot of cost and gain."""
CLIPS_TO_COMPARE = 3
"""Fewer clips than these make no distribution."""
_SERIES = tuple(name for name in FRAME_COLUMNS if name not in ("clip", "frame", "written_at"))
_UNSENT = ("key", "written_at")
"""Columns of clips that the page has no use for."""


@dataclass(frozen=True)
class Distribution:
    """One figure over the clips that have it."""

    name: str
    title: str
    note: str
    form: str
    """Format of its numbers."""
    count: int
    low: float
    high: float
    bars: Histogram


def clip_columns(clips: Sequence[Row]) -> dict[str, Any]:
    """All rows as columns, exact. What was used is mostly the same for all clips, so each text stands there once."""
    columns: dict[str, Any] = columns_of(clips, [name for name in CLIP_COLUMNS if name not in _UNSENT])
    for name in ("settings", "versions"):
        texts = list(dict.fromkeys(columns.pop(name, [])))
        columns[name] = {"texts": texts, "of": [texts.index(clip[name]) for clip in clips] if texts else []}
    return columns


def chunks_by_clip(clips: Sequence[Row], chunks: Sequence[Row]) -> list[dict[str, Any]]:
    """Each clip's chunks as columns; `offset_s` is the place on the timeline, `pauses_s` what is cut out of it."""
    groups: dict[str, list[Row]] = {}
    for chunk in chunks:
        groups.setdefault(chunk["clip"], []).append(chunk)
    return [_chunk_columns(groups.get(clip["clip"], [])) for clip in clips]


def _chunk_columns(chunks: Sequence[Row]) -> dict[str, Any]:
    shown: dict[str, Any] = columns_of(
        chunks, [n for n in CHUNK_COLUMNS if n not in ("clip", "began_at", "written_at")]
    )
    shown = {name: [brief(value) for value in values] for name, values in shown.items()}
    if chunks and all(None not in (chunk["began_at"], chunk["wall_s"]) for chunk in chunks):
        offsets, cut = without_pauses([(chunk["began_at"], chunk["began_at"] + chunk["wall_s"]) for chunk in chunks])
        shown |= {"offset_s": [round(offset, 3) for offset in offsets], "pauses_s": round(cut, 1)}
    return shown


def chunks_that_fit(order: Sequence[str], chunks: TableRows, most: int = CHUNKS_MAX) -> tuple[list[Row], list[str]]:
    """The rows of clips' chunks as far as there is room for, and the clips whose are left out.

    Args:
        order: names of clips, those first that get the room.
        chunks: the table of `CHUNK_COLUMNS`.
        most: of the first clip there are more where it has more.
    """
    wanted = pa.array(order, pa.string())
    counts: dict[str, int] = {}
    for batch in chunks.batches(["clip"], wanted):
        for found in batch["clip"].value_counts().to_pylist():
            counts[found["values"]] = counts.get(found["values"], 0) + found["counts"]
    taken: list[str] = []
    left = most
    for clip in filter(counts.__contains__, order):
        if counts[clip] <= left or not taken:
            taken.append(clip)
            left -= counts[clip]
    found = [*chunks.batches(None, pa.array(taken, pa.string()))]
    return [*rows(pa.concat_tables(found).to_pandas())] if found else [], [*(counts.keys() - set(taken))]


def series_by_clip(clips: Sequence[Row], frames: TableRows) -> list[dict[str, Any]]:
    """Each clip's measures over time, in few enough points; `size` frames are in one point.

    Args:
        frames: the table of `FRAME_COLUMNS`.
    """
    points = max(POINTS_MIN, min(POINTS, POINTS_OF_ALL // max(1, len(clips))))
    names = pa.array([clip["clip"] for clip in clips], pa.string())
    found = _clip_by_clip(frames.batches(["clip", "frame", *_SERIES], names))
    series = {name: _series(table.sort_by("frame"), points) for name, table in found}
    return [series.get(clip["clip"], {}) for clip in clips]


def _series(frames: pa.Table, points: int) -> dict[str, Any]:
    means, size = binned({name: frames[name].cast(pa.float64()).to_numpy() for name in _SERIES}, points)
    kept = {name: list(map(brief, values)) for name, values in means.items() if any(v is not None for v in values)}
    return {**kept, "size": size, "frames": len(frames)}


def _clip_by_clip(batches: Iterable[pa.Table]) -> Iterator[tuple[str, pa.Table]]:
    """The rows of one clip after the other."""
    clip, held = "", list[pa.Table]()
    for batch in batches:
        names = batch["clip"].to_pylist()
        starts = [0, *(at for at in range(1, len(names)) if names[at] != names[at - 1]), len(names)]
        for begin, end in pairwise(starts):
            if held and names[begin] != clip:
                yield clip, pa.concat_tables(held)
                held = []
            clip = names[begin]
            held.append(batch.slice(begin, end - begin))
    if held:
        yield clip, pa.concat_tables(held)


def distributions(clips: Figures) -> list[Distribution]:
    """Figures that are worth a histogram: those that at least `CLIPS_TO_COMPARE` clips have."""

    def of(name: str, title: str, note: str, form: str, values: np.ndarray) -> Distribution | None:
        known = values[np.isfinite(values)]
        if len(known) < CLIPS_TO_COMPARE:
            return None
        low, high = float(known.min()), float(known.max())
        return Distribution(name, title, note, form, len(known), low, high, histogram(known))

    listed = (
        of("ssim_gain", "SSIM gain", "to the sharp original; above 0 is closer", "+.4f", clips.ssim_gain),
        of("ssim_input", "SSIM to the input", "lower: changed more", ".4f", clips["ssim_input"]),
        of("sharpness_ratio", "Sharpness, after ÷ before", "1 is unchanged", ".2f", clips.sharpness_ratio),
        of("fps", "Speed, frames per second", "of each clip", ".1f", clips["fps"]),
    )
    return [each for each in listed if each is not None]


def cost_and_gain(clips: Figures, shown: Sequence[int]) -> dict[str, Any] | None:
    """Cost against gain, a point for each clip, or for some of very many: computing time for a minute of video, the
    SSIM gain or, where there is no sharp original, the sharpness ratio, and the clip's place in `shown` or None.

    The cost is taken from the speed, since the time of a resumed clip is not that of all its frames.

    Args:
        shown: places of the clips that have a place on the page.
    """
    gained = not np.isnan(clips.ssim_gain).all()
    gain = clips.ssim_gain if gained else clips.sharpness_ratio
    fps = clips["fps"]
    cost = 60 * clips["source_fps"] / np.where(fps == 0, np.nan, fps)
    known = np.flatnonzero(~np.isnan(cost + gain))
    if len(known) < CLIPS_TO_COMPARE:
        return None
    place = {at: number for number, at in enumerate(shown)}
    some = known[:: -(-len(known) // POINTS_OF_SCATTER)].tolist()
    points = [[brief(float(cost[at])), brief(float(gain[at])), place.get(at)] for at in some]
    return {"gain": "SSIM gain" if gained else "Sharpness, after ÷ before", "points": points, "of": len(known)}


def columns_of(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    """Rows as columns, without those that are null throughout: names then stand there once, not in each row."""
    columns = {name: [row[name] for row in rows] for name in names}
    return {name: values for name, values in columns.items() if any(value is not None for value in values)}


def brief(value: Any, digits: int = 5) -> Any:
    """A float with so many significant digits: enough for a plot, and shorter. Anything else stays as it is."""
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value
