"""What chunks say of themselves, for tests of what is made of it."""

from collections.abc import Sequence
from typing import Any

from vidsharp.pipeline.chunk_record import ChunkRecord


def chunk_record(pts: Sequence[int], durations: Sequence[int] = (), **more: Any) -> ChunkRecord:
    """The first chunk's record, whose pictures all came out at once and last as long as is not known, unless said
    otherwise."""
    facts: dict[str, Any] = {
        "index": 0,
        "frames_expected": len(pts),
        "pts": tuple(pts),
        "durations": tuple(durations) or (0,) * len(pts),
        "reorder_depth": 0,
        "bytes": 1,
        "errors": (),
        "began_at": 0,
        "decode_s": 0,
        "model_s": 0,
        "measure_s": 0,
        "encode_s": 0,
        "wait_s": 0,
        "wall_s": 0,
        "node": "",
        "actor": "",
        "attempt": 1,
        "measured": (),
    }
    return ChunkRecord(**{**facts, **more})
