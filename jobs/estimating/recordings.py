"""Recordings as the cost model takes them, from what workers have seen of them."""

from collections.abc import Collection, Mapping

from ...pipeline.choose_rate import pictures_tried, used_of
from ...pipeline.probe import ClipInfo
from ...pipeline.sample import usual_count
from ..config import ProcessConfig
from .cost_model import Recording
from .looked import Looked, kind_of
from .unseen import evenly


def recordings_of(
    looked_at: Mapping[str, Looked],
    sizes: Mapping[str, int],
    done: Mapping[str, Collection[int]],
    config: ProcessConfig,
) -> list[Recording]:
    """The recordings that a run has to work on. Those whose packets were not read are reckoned from duration and size.

    Args:
        sizes: in bytes, by name.
        done: chunks that an earlier run has finished, by name.
    """
    read = [(looked, sizes[name]) for name, looked in looked_at.items() if looked.chunks]
    bytes_read = sum(size for _, size in read) or 1
    read_s = sum(looked.read_s for looked, _ in read) / bytes_read
    video_share = sum(looked.video_bytes for looked, _ in read) / bytes_read
    recordings = []
    for name, looked in looked_at.items():
        info, size = looked.info, sizes[name]
        if looked.chunks:
            every = [chunk.frames for chunk in looked.chunks]
            left = [frames for n, frames in enumerate(every) if n not in done[name]]
            reading_s, looking_s, other = looked.read_s, looked.look_s, size - looked.video_bytes
        else:
            left = every = _even_chunks(info, config.chunk_seconds, looked.share)
            reading_s, other = size * read_s, int(size * (1 - video_share))
            looking_s = looked.look_s + reading_s
        frames = sum(every)
        share = sum(left) / max(1, frames)
        other = max(0, round(looked.share * other))
        begun = len(left) < len(every)
        recordings.append(
            Recording(
                name=name,
                kind=kind_of(info, looked.encoder),
                video_s=_seconds(looked, frames),
                chunk_frames=tuple(left),
                measured_frames=round(share * _measured(config, frames)),
                look_s=looking_s,
                read_s=reading_s,
                other_bytes=other,
                trial_frames=0
                if begun or config.wish.bounds_nothing
                else pictures_tried(frames, info.width * info.height),
                most_video_bytes=_most_video_bytes(config, looked.share * size, other, share),
            )
        )
    return recordings


def _most_video_bytes(config: ProcessConfig, size: float, other: int, left: float) -> float | None:
    """The bytes of the pictures that are left to do, where the result has a ceiling.

    Args:
        size: of what is taken of the recording; `other`: of all in it but its pictures.
        left: the share of its pictures.
    """
    if config.max_growth is None:
        return None
    return left * used_of(max(0, int(config.max_growth * size) - other))


def _seconds(looked: Looked, frames: int) -> float:
    """How long what is taken of a recording plays."""
    duration_s = looked.info.duration_s
    return float(frames / looked.info.frame_rate) if duration_s is None else looked.share * duration_s


def _measured(config: ProcessConfig, frames: int) -> int:
    """How many frames of a clip a run measures."""
    wanted = config.measure
    if wanted == "off":
        return 0
    return frames if wanted == "every" else min(frames, usual_count(frames) if wanted == "auto" else wanted)


def _even_chunks(info: ClipInfo, chunk_seconds: float, share: float) -> list[int]:
    """About the chunks of a recording whose packets were not read."""
    duration_s = share * (info.duration_s or 0.0)
    frames = round(duration_s * float(info.frame_rate))
    return evenly(frames, int(duration_s / chunk_seconds))
