"""The figures of a whole run and the sentences that say them: what was gained, what it cost, what went wrong."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from .figures import STAGES, STATUSES, Figures, TableRows, pc
from .run_cost import RunCost, cost_of_tables
from .work_times import Spans, busy_s, busy_spans

Row = Mapping[str, Any]
TOGETHER = 500_000
"""Chunks whose times are taken together: some 30 MB."""


@dataclass(frozen=True)
class Spread:
    """A figure over clips."""

    mean: float
    median: float
    low: float
    high: float
    deviation: float | None
    """Standard deviation over clips (n − 1); None for a single one."""
    count: int
    """Clips that have the figure."""
    risen: int
    """In how many of them it is above 0."""


@dataclass(frozen=True)
class Speed:
    """The speed at which the chunks were computed, all workers together."""

    frames: int
    busy_s: float
    """While at least one chunk was in work. Pauses between runs do not count."""
    fps: float
    realtime: float | None
    """Seconds of video for each second of work; None where a source's frame rate is unknown."""


@dataclass(frozen=True)
class Headline:
    """The run at a glance. Figures are None where no clip has them."""

    counts: Mapping[str, int]
    """Clips by status, in the order of `STATUSES`, those that occur."""
    total: int
    finished: int
    video_s: float
    frames: int
    lost: int
    lost_clips: int
    retries: int
    notes: int
    speed: Speed | None
    cost: RunCost | None
    """Of the chunks; None where an earlier version made all of them."""
    stages: Mapping[str, float]
    """Seconds of work by stage, over all clips, those above 0."""
    bytes_in: int | None
    bytes_out: int | None
    gain: Spread | None
    """SSIM to the sharp original, after less before."""
    psnr_gain: Spread | None
    moved: Spread | None
    """SSIM of the output to its input."""
    sharper: Spread | None
    """Sharpness after over before."""
    title: str
    lead: str


def headline(clips: Figures, chunks: TableRows, rows: TableRows | None = None) -> Headline:
    """Sums up a run.

    Args:
        chunks: the table of `CHUNK_COLUMNS`.
        rows: the table of `CLIP_COLUMNS`, for the cost; None: it is left out.
    """
    counts = {status: int((clips.status == place).sum()) for place, status in enumerate(STATUSES)}
    finished = clips.finished
    before, after = clips["bytes_in"][finished], clips["bytes_out"][finished]
    sized = ~np.isnan(before + after)
    gain, moved, sharper = map(_spread, (clips.ssim_gain, clips["ssim_input"], clips.sharpness_ratio))
    frames, lost = int(np.nansum(clips["frames"][finished])), int(np.nansum(clips["frames_lost"]))
    stages = {stage: float(np.nansum(clips[stage])) for stage in STAGES}
    return Headline(
        counts={status: count for status, count in counts.items() if count},
        total=len(clips),
        finished=int(finished.sum()),
        video_s=float(np.nansum(clips["duration_s"][finished])),
        frames=frames,
        lost=lost,
        lost_clips=int((clips["frames_lost"] > 0).sum()),
        retries=int(np.nansum(clips["retries"])),
        notes=int(clips.noted.sum()),
        speed=_speed(clips, chunks),
        cost=None if rows is None else cost_of_tables(rows, chunks, clips.clips),
        stages={stage: seconds for stage, seconds in stages.items() if seconds > 0},
        bytes_in=int(before[sized].sum()) if sized.any() else None,
        bytes_out=int(after[sized].sum()) if sized.any() else None,
        gain=gain,
        psnr_gain=_spread(clips.psnr_gain),
        moved=moved,
        sharper=sharper,
        title=_title(len(clips), int(finished.sum())),
        lead=" ".join(_lead(len(clips), int(finished.sum()), gain, sharper, frames, lost)),
    )


def ssim_gain(clip: Row) -> float | None:
    return _difference(clip, "ssim_ref_before", "ssim_ref_after")


def sharpness_ratio(clip: Row) -> float | None:
    before, after = clip["sharpness_before"], clip["sharpness_after"]
    return after / before if before and after is not None else None


def worst_first(clips: Sequence[Row]) -> list[int]:
    """Indices in the order to look at them: failed, then frames lost, then least gained; not measured comes last.

    Least gained is the lowest SSIM gain where there is a sharp original, else the lowest SSIM to the input: there the
    student changed most.
    """

    def rank(i: int) -> tuple[Any, ...]:
        clip, gain = clips[i], ssim_gain(clips[i])
        measure = gain if gain is not None else clip["ssim_input"]
        return (
            clip["status"] != "failed",
            -(clip["frames_lost"] or 0),
            measure is None,
            gain is None,
            measure or 0.0,
            clip["clip"],
        )

    return sorted(range(len(clips)), key=rank)


def _speed(clips: Figures, chunks: TableRows) -> Speed | None:
    spans: Spans = (np.zeros(0), np.zeros(0))
    frames, video = 0, 0.0
    for timed in _timed(chunks):
        begins = timed["began_at"].to_numpy()
        work = (begins, begins + timed["wall_s"].to_numpy())
        spans = busy_spans((np.append(spans[0], work[0]), np.append(spans[1], work[1])))
        count = timed["frames"].to_numpy()
        frames += int(count.sum())
        places = pc.index_in(timed["clip"], value_set=clips.clips).fill_null(-1).to_numpy()
        rates = np.where(places < 0, np.nan, np.append(clips["source_fps"], np.nan)[places])
        video += float((count / np.where(rates == 0, np.nan, rates)).sum())
    seconds = busy_s(spans)
    if seconds <= 0:
        return None
    return Speed(frames, seconds, frames / seconds, None if np.isnan(video) else video / seconds)


def _timed(chunks: TableRows) -> Iterator[pa.Table]:
    """The chunks whose times are known, many together."""
    held: list[pa.Table] = []
    for rows in chunks.batches(["clip", "began_at", "wall_s", "frames"]):
        held.append(rows.drop_null())
        if sum(map(len, held)) >= TOGETHER:
            yield pa.concat_tables(held)
            held = []
    if held:
        yield pa.concat_tables(held)


def _title(total: int, finished: int) -> str:
    if total == 0:
        return "There is nothing to show yet."
    if total == 1:
        return "The recording was sharpened." if finished else "The recording could not be sharpened."
    if finished == total:
        return f"All {total:,} recordings were sharpened."
    if finished == 0:
        return f"None of the {total:,} recordings could be sharpened."
    return f"{finished:,} of {total:,} recordings were sharpened, {total - finished:,} failed."


def _lead(
    total: int, finished: int, gain: Spread | None, sharper: Spread | None, frames: int, lost: int
) -> Iterable[str]:
    if total == 0:
        yield "Run vidsharp process on a folder of recordings, and its figures will be here."
    elif not finished:
        yield "Why, and what to do, is below."
    if gain:
        towards = "closer to" if gain.mean > 0 else "further from"
        if gain.count > 1:
            yield f"On average the pictures are now {towards} the sharp originals: SSIM {gain.mean:+.4f}."
            yield f"{gain.risen:,} of {gain.count:,} clips came closer."
        else:
            yield f"Its pictures are now {towards} the sharp original: SSIM {gain.mean:+.4f}."
    elif sharper:
        of = f"recordings (median of {sharper.count:,} clips)" if sharper.count > 1 else "recording"
        yield f"Measured sharpness is {sharper.median:.2f} times that of the {of}."
        yield "How much of it is true detail only a sharp original can tell."
    elif finished:
        yield "The pictures were not measured in this run."
    if lost:
        yield f"{lost:,} of {frames + lost:,} frames could not be decoded and are missing, as in the recordings."
    elif finished:
        yield "No frame was lost."


def _spread(values: np.ndarray) -> Spread | None:
    known = values[~np.isnan(values)]
    if not len(known):
        return None
    return Spread(
        mean=float(known.mean()),
        median=float(np.median(known)),
        low=float(known.min()),
        high=float(known.max()),
        deviation=float(known.std(ddof=1)) if len(known) > 1 else None,
        count=len(known),
        risen=int((known > 0).sum()),
    )


def _difference(row: Row, before: str, after: str) -> float | None:
    return None if None in (row[before], row[after]) else row[after] - row[before]
