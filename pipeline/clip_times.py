"""The times of a joined clip: when each picture is shown and when its packet is decoded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from .chunk_record import ChunkRecord


def one_tick_apart(pts: Iterable[int]) -> list[int]:
    """Times that never fall, moved as little as needed to be all different: those that share one go a tick apart."""
    return list(accumulate(pts, lambda before, time: max(before + 1, time)))


@dataclass(frozen=True)
class ClipTimes:
    """All pictures' times in ticks of the source's time base, in presentation order."""

    pts: tuple[int, ...]
    durations: tuple[int, ...]
    reorder_depth: int
    lead: int
    """Ticks between the decode times that come before the first picture's presentation."""

    @classmethod
    def of(
        cls, records: Sequence[ChunkRecord], *, strict: bool, negative: bool, contiguous: bool = False
    ) -> "ClipTimes":
        """
        Args:
            strict: the container wants every picture at a time of its own; those that share one move by a tick.
            negative: the container takes times before zero.
            contiguous: in the source, a picture is shown until the next one (MP4: what is read as the duration of a
                reordered picture is that of another). Only the last one's duration counts.
        """
        pts = [time for record in records for time in record.pts]
        if strict:
            pts = one_tick_apart(pts)
        gaps = [b - a for a, b in pairwise(pts)]
        step = max(1, min(gaps, default=1))
        durations = [duration for record in records for duration in record.durations]
        if contiguous:
            durations[:-1] = gaps
        depth = max(record.reorder_depth for record in records)
        return cls(
            tuple(pts),
            tuple(own or gap for own, gap in zip(durations, [*gaps, step], strict=True)),
            depth,
            step if negative or not depth else max(1, min(step, pts[0] // depth)),
        )

    def dts(self, place: int) -> int:
        """The decode time of the packet at `place` in decode order: when the picture `reorder_depth` places earlier is
        shown. It never falls, and is never after the packet's own picture, also across chunks."""
        early = self.reorder_depth - place
        return self.pts[0] - early * self.lead if early > 0 else self.pts[-early]
