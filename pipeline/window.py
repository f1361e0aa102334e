"""Where a part of a recording cuts its pictures, and the times that all that goes with them has in the part.

A part is made of whole pictures: those that begin at or after its start and before its end. It begins with its first
picture, and ends where the next one would begin; parts that follow each other share no picture and leave none out.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING

from .chunk_record import ChunkRecord
from .errors import MediaError
from .part import WHOLE_CLIP, Part
from .plan import WHOLE, PacketTiming, PtsRange
from .probe import ClipInfo

if TYPE_CHECKING:
    from av.container.core import Chapter

_HALF_MS = Fraction(1, 2000)
"""Clocks and tables show milliseconds: a picture at 33.3667 s is meant by 33.367 as well."""


def pictures_of(part: Part, info: ClipInfo, packets: Sequence[PacketTiming]) -> PtsRange:
    """The presentation times that a part has; None on a side where nothing is cut away.

    Raises:
        MediaError: the recording stores no times, or the part has none of its pictures.
    """
    if part == WHOLE_CLIP:
        return WHOLE
    times = sorted(packet.pts for packet in packets if packet.shown and packet.pts is not None)
    if not times or any(packet.pts is None for packet in packets if packet.shown):
        raise MediaError(
            f"{info.path} stores no times of its pictures, so no part of it can be told; put it into Matroska first, "
            "e.g. ffmpeg -i IN -c copy OUT.mkv",
            info.path,
        )

    def place(seconds: float) -> int:
        return bisect_left(times, math.ceil((info.start + Fraction(seconds) - _HALF_MS) / info.time_base))

    first = 0 if part.start_s is None else place(part.start_s)
    end = len(times) if part.end_s is None else place(part.end_s)
    last_s = float(times[-1] * info.time_base - info.start)
    if first == len(times):
        raise MediaError(
            f"{info.path} shows its last picture at {last_s:.3f} s, before --start {part.start_s:g}", info.path
        )
    if end <= first:
        raise MediaError(f"{info.path} shows no new picture from {part.start_s or 0:g} to {part.end_s:g} s", info.path)
    return times[first] if first else None, times[end] if end < len(times) else None


@dataclass(frozen=True)
class Window:
    """A part by the recording's own clock, in seconds."""

    start: Fraction | None = None
    end: Fraction | None = None
    back: Fraction = Fraction(0)
    """How far all times move back, so that the part begins when the recording did."""

    @classmethod
    def of(cls, within: PtsRange, info: ClipInfo, first: Fraction) -> "Window":
        """
        Args:
            first: when the part is to begin; moved to the next tick of the pictures.
        """
        start, end = (None if pts is None else pts * info.time_base for pts in within)
        back = Fraction(0) if start is None else start - math.ceil(first / info.time_base) * info.time_base
        return cls(start, end, back)

    @property
    def is_whole(self) -> bool:
        return self.start is None and self.end is None

    def sentence(self, info: ClipInfo) -> str:
        """The part in words, by the clock of players."""

        def seconds(time: Fraction | None) -> float | None:
            return None if time is None else round(float(time - info.start), 3)

        return str(Part(seconds(self.start), seconds(self.end)))

    def moved_back(self, records: Sequence[ChunkRecord], tick: Fraction) -> list[ChunkRecord]:
        """The records of its chunks, with its own times.

        Args:
            tick: of the pictures, in seconds.
        """
        ticks = round(self.back / tick)
        return [replace(record, pts=tuple(pts - ticks for pts in record.pts)) for record in records]

    def time_code_note(self, tags: Iterable[Mapping[str, str]]) -> list[str]:
        """What is to be said of a time code among the tags of a recording and its streams."""
        wrong = self.start is not None and any("timecode" in tagged for tagged in tags)
        return ["its time code still says when the whole recording began"] if wrong else []

    def chapters(self, chapters: "Iterable[Chapter]") -> "list[Chapter]":
        """The chapters that reach into it, cut at its ends, at their new times."""
        found: list[Chapter] = []
        for chapter in chapters:
            tick = chapter["time_base"] or Fraction(1)
            start, end = chapter["start"] * tick, chapter["end"] * tick
            if (self.start is None or end > self.start) and (self.end is None or start < self.end):
                start = max(start, self.start or start) - self.back
                end = min(end, self.end or end) - self.back
                found.append({**chapter, "start": round(start / tick), "end": round(end / tick)})
        return found
