"""The figures of a whole run and the sentences that say them: what was gained, what it cost, what went wrong."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .work_times import busy_s

STATUSES = ("done", "resumed", "copied", "skipped", "failed")
FINISHED = STATUSES[:4]
STAGES = ("decode_s", "model_s", "measure_s", "encode_s", "mux_s")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Spread:
    """A figure over clips."""

    mean: float
    median: float
    low: float
    high: float
    deviation: float | None
    """Standard deviation over clips (n − 1); None for a single one."""
    values: tuple[float, ...]

    @property
    def count(self) -> int:
        return len(self.values)

    @property
    def risen(self) -> int:
        """In how many clips it is above 0."""
        return sum(value > 0 for value in self.values)


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


def headline(clips: Sequence[Row], chunks: Sequence[Row]) -> Headline:
    """Sums up a run from its rows of `CLIP_COLUMNS` and `CHUNK_COLUMNS`."""
    counts = {status: sum(clip["status"] == status for clip in clips) for status in STATUSES}
    finished = [clip for clip in clips if clip["status"] in FINISHED]
    sizes = [
        (clip["bytes_in"], clip["bytes_out"]) for clip in finished if None not in (clip["bytes_in"], clip["bytes_out"])
    ]
    gain = _spread(ssim_gain(clip) for clip in clips)
    moved = _spread(clip["ssim_input"] for clip in clips)
    sharper = _spread(sharpness_ratio(clip) for clip in clips)
    frames, lost = _sum(finished, "frames"), _sum(clips, "frames_lost")
    stages = {stage: float(_sum(clips, stage)) for stage in STAGES}
    return Headline(
        counts={status: count for status, count in counts.items() if count},
        total=len(clips),
        finished=len(finished),
        video_s=_sum(finished, "duration_s"),
        frames=frames,
        lost=lost,
        lost_clips=sum((clip["frames_lost"] or 0) > 0 for clip in clips),
        retries=_sum(clips, "retries"),
        notes=sum(clip["note"] is not None for clip in clips),
        speed=_speed(clips, chunks),
        stages={stage: seconds for stage, seconds in stages.items() if seconds > 0},
        bytes_in=sum(before for before, _ in sizes) if sizes else None,
        bytes_out=sum(after for _, after in sizes) if sizes else None,
        gain=gain,
        psnr_gain=_spread(_difference(clip, "psnr_ref_before", "psnr_ref_after") for clip in clips),
        moved=moved,
        sharper=sharper,
        title=_title(len(clips), len(finished)),
        lead=" ".join(_lead(len(clips), len(finished), gain, sharper, frames, lost)),
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


def _speed(clips: Sequence[Row], chunks: Sequence[Row]) -> Speed | None:
    rates = {clip["clip"]: clip["source_fps"] for clip in clips}
    timed = [chunk for chunk in chunks if None not in (chunk["began_at"], chunk["wall_s"], chunk["frames"])]
    seconds = busy_s((chunk["began_at"], chunk["began_at"] + chunk["wall_s"]) for chunk in timed)
    if seconds <= 0:
        return None
    frames = _sum(timed, "frames")
    known = all(rates.get(chunk["clip"]) for chunk in timed)
    video = sum(chunk["frames"] / rates[chunk["clip"]] for chunk in timed) if known else None
    return Speed(frames, seconds, frames / seconds, None if video is None else video / seconds)


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


def _spread(values: Iterable[float | None]) -> Spread | None:
    known = [value for value in values if value is not None]
    if not known:
        return None
    deviation = statistics.stdev(known) if len(known) > 1 else None
    return Spread(statistics.fmean(known), statistics.median(known), min(known), max(known), deviation, tuple(known))


def _difference(row: Row, before: str, after: str) -> float | None:
    return None if None in (row[before], row[after]) else row[after] - row[before]


def _sum(rows: Iterable[Row], name: str) -> Any:
    return sum(row[name] or 0 for row in rows)
