"""Notes on a written clip whose pictures are not all marked as interlaced or progressive as they were."""

from collections.abc import Sequence

from .chunk_record import ChunkRecord
from .encoders import encoder_of
from .probe import ClipInfo


def field_notes(info: ClipInfo, made: ClipInfo, records: Sequence[ChunkRecord]) -> tuple[str, ...]:
    """A sentence where marks are lost, none where all are kept.

    Args:
        info, made: the recording, and the written clip.
        records: of all chunks.
    """
    if encoder_of(made.codec).marks_each_picture:
        return ()
    if info.interlaced and not made.interlaced:
        return ("its fields are kept, but not marked as fields: the encoder cannot say so",)
    frames = sum(record.frames for record in records)
    interlaced = sum(record.interlaced or 0 for record in records)
    if any(record.interlaced is None for record in records):
        return ()
    if made.interlaced and interlaced < frames:
        return (
            f"{frames - interlaced} of {frames} pictures are progressive, and are marked as interlaced: the encoder "
            "marks whole streams",
        )
    if interlaced and not made.interlaced:
        return (
            f"{interlaced} of {frames} pictures are interlaced; their fields are kept, but not marked as fields: the "
            "recording began progressive",
        )
    return ()
