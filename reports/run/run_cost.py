"""What a run cost: the time of cores and GPUs, and money where prices are known, also for each hour of video."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

    from .figures import TableRows

Row = Mapping[str, Any]

CORE_PRICE, GPU_PRICE = "price-per-core-hour", "price-per-gpu-hour"
GPU_SHARE = "gpus-per-worker"
"""What a clip's `settings` call them."""


@dataclass(frozen=True)
class RunCost:
    """The cost of making some video."""

    video_s: float = 0.0
    core_s: float = 0.0
    """Time of cores, by the clock of the processes that worked on it."""
    gpu_s: float | None = None
    """Time of GPUs, at work or not while they were held; None on CPUs."""
    money: float | None = None
    """In the currency of the prices; None where there are none."""

    def __add__(self, other: "RunCost") -> "RunCost":
        return RunCost(
            self.video_s + other.video_s,
            self.core_s + other.core_s,
            _sum(self.gpu_s, other.gpu_s),
            _sum(self.money, other.money),
        )

    def figures(self) -> dict[str, float | None]:
        """For programs, in hours; None where there is no such figure."""
        hours = {
            "core_hours": self.core_s / 3600,
            "gpu_hours": None if self.gpu_s is None else self.gpu_s / 3600,
            "cost": self.money,
        }
        video_h = self.video_s / 3600
        by_hour = {
            f"{name}_per_video_hour": None if value is None or not video_h else value / video_h
            for name, value in hours.items()
        }
        return {"video_hours": video_h, **hours, **by_hour}

    @property
    def sentence(self) -> str:
        """For people."""
        said = self.figures()
        names = {"core_hours": "{:.3g} core-hours", "gpu_hours": "{:.3g} GPU-hours", "cost": "a cost of {:.2f}"}
        parts = []
        for name, form in names.items():
            if (value := said[name]) is not None:
                by_hour = said[f"{name}_per_video_hour"]
                parts.append(form.format(value) + ("" if by_hour is None else f" ({by_hour:.3g} for an hour of video)"))
        return ", ".join(parts)


def money(core_s: float, gpu_s: float | None, per_core_hour: float | None, per_gpu_hour: float | None) -> float | None:
    """What that much time costs; None where no price that matters is known."""
    parts = [(core_s, per_core_hour), (gpu_s, per_gpu_hour)]
    known = [seconds / 3600 * price for seconds, price in parts if seconds is not None and price is not None]
    return sum(known) if known else None


def clip_cost(clip: Row, chunks: Iterable[Row]) -> RunCost:
    """The cost of a clip's chunks, as far as they say it: those of earlier versions do not.

    Args:
        clip: a row of the `clips` table.
        chunks: rows of the `chunks` table.
    """
    timed = [chunk for chunk in chunks if chunk.get("core_s") is not None]
    frames = sum(chunk["frames"] or 0 for chunk in timed)
    if not timed or not clip.get("frames"):
        return RunCost()
    core_s = sum(chunk["core_s"] for chunk in timed)
    said = json.loads(clip.get("settings") or "{}")
    on_gpu = (clip.get("device") or "").startswith("cuda")
    gpu_s = said.get(GPU_SHARE, 1) * sum(chunk["wall_s"] or 0 for chunk in timed) if on_gpu else None
    video_s = (clip.get("duration_s") or 0) * frames / clip["frames"]
    return RunCost(video_s, core_s, gpu_s, money(core_s, gpu_s, said.get(CORE_PRICE), said.get(GPU_PRICE)))


def run_cost(clips: Iterable[Row], chunks: Iterable[Row]) -> RunCost | None:
    """The cost of all chunks; None where none says what it took."""
    of_clip: dict[str, list[Row]] = {}
    for chunk in chunks:
        of_clip.setdefault(chunk["clip"], []).append(chunk)
    whole = sum((clip_cost(clip, of_clip.get(clip["clip"], ())) for clip in clips), RunCost())
    return whole if whole.core_s else None


def cost_of_tables(clips: "TableRows", chunks: "TableRows", names: "pa.ChunkedArray") -> RunCost | None:
    """As `run_cost`, of tables that are read some thousand rows at a time.

    Args:
        names: those of the clips, in the order of their table.
    """
    import numpy as np
    import pyarrow as pa

    from .figures import pc

    sums = {name: np.zeros(len(names)) for name in ("core_s", "wall_s", "frames")}
    for batch in chunks.batches(["clip", *sums]):
        timed = batch.filter(batch["core_s"].is_valid())
        places = pc.index_in(timed["clip"], value_set=names).fill_null(-1).to_numpy()
        for name, column in sums.items():
            values = np.nan_to_num(timed[name].cast(pa.float64()).to_numpy())
            np.add.at(column, places[places >= 0], values[places >= 0])
    whole, at = RunCost(), 0
    for batch in clips.batches(["clip", "frames", "duration_s", "device", "settings"]):
        for clip in batch.to_pylist():
            if sums["core_s"][at]:
                whole += clip_cost(clip, [{name: float(column[at]) for name, column in sums.items()}])
            at += 1
    return whole if whole.core_s else None


def _sum(one: float | None, other: float | None) -> float | None:
    return other if one is None else one if other is None else one + other
