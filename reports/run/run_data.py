"""The data for the script of a run's page: clips, chunks and measured frames as columns, few enough to send."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .headline import Row, sharpness_ratio, ssim_gain
from .series import Histogram, binned, histogram
from .tables import CHUNK_COLUMNS, CLIP_COLUMNS, FRAME_COLUMNS
from .work_times import without_pauses

POINTS = 200
"""At most so many in one clip's plots ..."""
POINTS_OF_ALL = 10_000
"""... and about so many in those of all clips, but never fewer than `POINTS_MIN` in one."""
POINTS_MIN = 20
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
    values: tuple[float, ...]

    @property
    def bars(self) -> Histogram:
        return histogram(self.values)


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


def series_by_clip(clips: Sequence[Row], frames: pd.DataFrame) -> list[dict[str, Any]]:
    """Each clip's measures over time, in few enough points; `size` frames are in one point."""
    columns = {name: frames[name].to_numpy(dtype=np.float64, na_value=np.nan) for name in (*_SERIES, "frame")}
    places: dict[Any, np.ndarray] = dict(frames.groupby("clip", sort=False).indices) if len(frames) else {}
    points = max(POINTS_MIN, min(POINTS, POINTS_OF_ALL // max(1, len(places))))

    def of_clip(at: np.ndarray | None) -> dict[str, Any]:
        if at is None:
            return {}
        at = at[np.argsort(columns["frame"][at], kind="stable")]
        means, size = binned({name: columns[name][at] for name in _SERIES}, points)
        kept = {name: list(map(brief, values)) for name, values in means.items() if any(v is not None for v in values)}
        return {**kept, "size": size, "frames": len(at)}

    return [of_clip(places.get(clip["clip"])) for clip in clips]


def distributions(clips: Sequence[Row]) -> list[Distribution]:
    """Figures that are worth a histogram: those that at least `CLIPS_TO_COMPARE` clips have."""

    def of(name: str, title: str, note: str, form: str, figure: Callable[[Row], Any]) -> Distribution:
        values = tuple(value for clip in clips if (value := figure(clip)) is not None and np.isfinite(value))
        return Distribution(name, title, note, form, values)

    listed = (
        of("ssim_gain", "SSIM gain", "to the sharp original; above 0 is closer", "+.4f", ssim_gain),
        of("ssim_input", "SSIM to the input", "lower: changed more", ".4f", lambda clip: clip["ssim_input"]),
        of("sharpness_ratio", "Sharpness, after ÷ before", "1 is unchanged", ".2f", sharpness_ratio),
        of("fps", "Speed, frames per second", "of each clip", ".1f", lambda clip: clip["fps"]),
    )
    return [each for each in listed if len(each.values) >= CLIPS_TO_COMPARE]


def cost_and_gain(clips: Sequence[Row]) -> dict[str, Any] | None:
    """Cost against gain, a point for each clip: computing time for a minute of video, and the SSIM gain or, where there
    is no sharp original, the sharpness ratio.

    The cost is taken from the speed, since the time of a resumed clip is not that of all its frames."""
    gained = any(ssim_gain(clip) is not None for clip in clips)
    points = []
    for i, clip in enumerate(clips):
        gain = ssim_gain(clip) if gained else sharpness_ratio(clip)
        if None not in (gain, clip["source_fps"]) and clip["fps"]:
            points.append([brief(60 * clip["source_fps"] / clip["fps"]), brief(gain), i])
    if len(points) < CLIPS_TO_COMPARE:
        return None
    return {"gain": "SSIM gain" if gained else "Sharpness, after ÷ before", "points": points}


def columns_of(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[Any]]:
    """Rows as columns, without those that are null throughout: names then stand there once, not in each row."""
    columns = {name: [row[name] for row in rows] for name in names}
    return {name: values for name, values in columns.items() if any(value is not None for value in values)}


def brief(value: Any, digits: int = 5) -> Any:
    """A float with so many significant digits: enough for a plot, and shorter. Anything else stays as it is."""
    return float(f"{value:.{digits}g}") if isinstance(value, float) else value
