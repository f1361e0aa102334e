"""The record of a finished chunk; its file beside the chunk's pictures is what makes the chunk count as done."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any


@dataclass(frozen=True)
class ChunkDone:
    """What a run's driver keeps of a chunk that is done; all else is in its record on disk."""

    index: int
    frames: int
    node: str
    bytes: int = 0
    """Size of its file."""
    decode_s: float = 0.0
    model_s: float = 0.0
    measure_s: float = 0.0
    encode_s: float = 0.0
    wait_s: float = 0.0
    wall_s: float = 0.0
    core_s: float = 0.0


@dataclass(frozen=True)
class ChunkRecord:
    """One chunk's result. `pts` and `durations` have one number for each picture, in presentation order."""

    index: int
    frames_expected: int
    pts: tuple[int, ...]
    """In ticks of the source stream's time base; never falling, and equal where pictures share a time."""
    durations: tuple[int, ...]
    """In the same ticks; 0 where the source does not say."""
    reorder_depth: int
    """Pictures that the encoder holds back: how far decode order lags behind presentation order."""
    bytes: int
    """Size of the chunk's file."""
    errors: tuple[str, ...]
    """What the decoder refused, the first few."""
    began_at: float
    """Unix time, by the clock of the node."""
    decode_s: float
    model_s: float
    measure_s: float
    encode_s: float
    wait_s: float
    """Time that the encoder waited for pictures."""
    wall_s: float
    node: str
    actor: str
    attempt: int
    measured: tuple[Mapping[str, Any], ...]
    """What the observer noted of single pictures: plain values by name, `index` being the picture's place here."""
    core_s: float | None = None
    """Time of cores that the process took, all threads together; None in records of an earlier version."""
    reused_share: float | None = None
    """Share of the pixels copied from the picture before, mean over pictures; None where none was sharpened."""
    interlaced: int | None = None
    """Pictures that the decoder calls interlaced; None in records of an earlier version."""
    fitted: tuple[tuple[int, int, str, int], ...] = ()
    """Pictures that had another size or pixel format than their clip: width, height, format and number of each kind."""
    not_on_gpu: str | None = None
    """Why they were decoded on the CPU, as the end of a sentence, where a GPU was to do it."""

    @property
    def frames(self) -> int:
        """Pictures that came out."""
        return len(self.pts)

    @property
    def frames_lost(self) -> int:
        """Pictures that the recording announces but that do not decode."""
        return max(0, self.frames_expected - self.frames)

    @property
    def outline(self) -> ChunkDone:
        """The chunk without what single pictures say."""
        return ChunkDone(
            index=self.index,
            frames=self.frames,
            node=self.node,
            bytes=self.bytes,
            decode_s=self.decode_s,
            model_s=self.model_s,
            measure_s=self.measure_s,
            encode_s=self.encode_s,
            wait_s=self.wait_s,
            wall_s=self.wall_s,
            core_s=self.core_s or 0.0,
        )

    def to_json(self) -> dict[str, Any]:
        # Not `asdict`, which copies each number of `pts` and takes milliseconds.
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "ChunkRecord":
        """The inverse of `to_json`; raises TypeError or KeyError on data of another version."""
        return cls(
            **{
                **data,
                "pts": tuple(data["pts"]),
                "durations": tuple(data["durations"]),
                "errors": tuple(data["errors"]),
                "measured": tuple(data["measured"]),
                "fitted": tuple(map(tuple, data.get("fitted", ()))),
            }
        )
