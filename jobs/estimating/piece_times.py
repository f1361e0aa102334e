"""The times of a sharpened piece, split into a fixed part and a part for each frame."""

from collections.abc import Sequence

from ...pipeline.chunk_record import ChunkRecord
from .cost_model import Kind, Piece

HEAD = 24
"""Frames until all stages are at work: encoders look about so far ahead."""


def piece_of(
    name: str, kind: Kind, record: ChunkRecord, marks: Sequence[tuple[float, float]], first_bytes: int
) -> Piece:
    """A piece from the clocks that were read while it was sharpened.

    Args:
        marks: wall and CPU clock at the beginning, after each frame, and at the end.
        first_bytes: size of the first packet written.
    """
    frames = record.frames
    head = min(HEAD, frames // 3)
    (began, cpu_began), (steady, cpu_steady) = marks[0], marks[head]
    (last, cpu_last), (ended, cpu_ended) = marks[frames], marks[-1]
    figures = [measured["index"] for measured in record.measured]
    measure_s = record.measure_s / len(figures) if figures else None
    # The metrics of the report are a cost of their own, since a run measures a part of its frames.
    beside_s = (measure_s or 0.0) * sum(index >= head for index in figures)
    frame_s = max(1e-6, last - steady - beside_s) / (frames - head)
    frame_core_s = max(1e-6, cpu_last - cpu_steady - beside_s) / (frames - head)
    return Piece(
        recording=name,
        kind=kind,
        frames=frames,
        wall_s=ended - began,
        frame_s=frame_s,
        frame_core_s=frame_core_s,
        chunk_s=max(0.0, ended - began - record.measure_s - frames * frame_s),
        chunk_core_s=max(0.0, cpu_ended - cpu_began - record.measure_s - frames * frame_core_s),
        measure_s=measure_s,
        key_bytes=first_bytes,
        frame_bytes=(record.bytes - first_bytes) / max(1, frames - 1),
    )
