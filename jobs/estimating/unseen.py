"""Recordings on object storage that an estimate does not bring here: reckoned by their size from those that it does."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import cycle

from ..files.clips import Clip
from .cost_model import Recording

FETCH_BYTES = 1024**3
"""So much is brought here to be looked at, or else the smallest recording."""


def to_bring(clips: Sequence[Clip], sizes: Mapping[str, int]) -> tuple[list[Clip], list[Clip]]:
    """The clips, taken in this order, that are brought here, and those that are not."""
    brought: list[Clip] = []
    left = FETCH_BYTES
    for clip in clips:
        if sizes[clip.name] <= left:
            brought.append(clip)
            left -= sizes[clip.name]
    if clips and not brought:
        brought.append(min(clips, key=lambda clip: sizes[clip.name]))
    names = {clip.name for clip in brought}
    return brought, [clip for clip in clips if clip.name not in names]


@dataclass(frozen=True)
class Reckoner:
    """Recordings of a folder that were looked at, as models of its others."""

    looked_at: Sequence[Recording]
    sizes: Mapping[str, int]
    """In bytes, by name, also of those that were not looked at."""
    chunk_seconds: float

    def like_them(self, clips: Sequence[Clip]) -> Iterator[Recording]:
        """Each clip as if it were one of the others, in turns, but for its size."""
        for clip, twin in zip(clips, cycle(self.looked_at), strict=False):
            share = self.sizes[clip.name] / max(1, self.sizes[twin.name])
            video_s, most = twin.video_s * share, twin.most_video_bytes
            yield replace(
                twin,
                name=clip.name,
                video_s=video_s,
                chunk_frames=tuple(evenly(round(twin.frames * share), int(video_s / self.chunk_seconds))),
                measured_frames=round(twin.measured_frames * min(1, share)),
                look_s=twin.look_s * share,
                read_s=twin.read_s * share,
                other_bytes=int(twin.other_bytes * share),
                most_video_bytes=None if most is None else most * share,
            )


def evenly(frames: int, chunks: int) -> list[int]:
    """The pictures of each of `chunks` chunks, of one where there are none."""
    chunks = max(1, chunks)
    return [frames * (n + 1) // chunks - frames * n // chunks for n in range(chunks)]
