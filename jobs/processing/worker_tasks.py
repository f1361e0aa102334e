"""The tasks that workers get of a run: to plan a recording, to sharpen a chunk, to measure some of its frames."""

from collections.abc import Container, Sequence
from pathlib import Path

from ...pipeline.encoder import EncoderChoice
from ...pipeline.plan import Chunk
from ...pipeline.sample import ALL, by_chunk, sample, usual_count
from ...pipeline.sharpen_chunk import DEFAULT_MEMORY_BYTES, ChunkTask
from ...pipeline.workspace import Workspace
from ..config import ProcessConfig
from ..engine.actor import PrepareTask
from ..engine.measure_task import MeasureTask
from ..engine.schedule import Work
from ..files.clips import Clip
from .clip_work import ClipWork


def prepare_task(
    config: ProcessConfig, clip: Clip, workspace: Workspace, encoder: EncoderChoice, *, tighter: bool = False
) -> PrepareTask:
    """The task to look at a recording and to plan it; `tighter` where its result came out too large."""
    return PrepareTask(
        path=clip.path,
        clip=clip.name,
        folder=workspace.folder,
        key=workspace.key,
        chunk_seconds=config.chunk_seconds,
        encoder=encoder,
        original=original_of(config, clip),
        part=config.part,
        wish=config.wish,
        skip_sharp=config.skip_sharp,
        tighter=tighter,
    )


def chunk_task(config: ProcessConfig, clip: ClipWork, work: Work) -> ChunkTask:
    """The task to sharpen a chunk."""
    return ChunkTask(
        info=clip.info,
        chunk=work.chunk,
        encoder=clip.encoder,
        folder=clip.workspace.folder,
        key=clip.workspace.key,
        memory_bytes=(config.memory_mb or 0) * 1024**2 or DEFAULT_MEMORY_BYTES,
        attempt=work.attempt,
        provenance_digest=clip.provenance_digest,
    )


def measure_task(config: ProcessConfig, clip: ClipWork, index: int) -> MeasureTask | None:
    """The task to measure frames of chunk `index` while it is sharpened; None where none of them is."""
    if not clip.sample[index]:
        return None
    original = clip.original.of(clip.chunks[index]) if clip.original else None
    return MeasureTask(clip.sample[index], original, preview=config.page)


def measured_frames(config: ProcessConfig, chunks: Sequence[Chunk]) -> Sequence[Container[int]]:
    """The frames of each chunk that are measured, by their numbers within it."""
    counts = [chunk.frames for chunk in chunks]
    wanted = config.measure
    if wanted == "off":
        return [()] * len(chunks)
    if wanted == "every":
        return [ALL] * len(chunks)
    frames = sum(counts)
    return by_chunk(sample(frames, usual_count(frames) if wanted == "auto" else wanted), counts)


def original_of(config: ProcessConfig, clip: Clip) -> Path | None:
    """The sharp original of a clip; None where the reference folder has none at its path."""
    original = config.reference and config.reference.absolute() / clip.relative
    return original if original and original.exists() else None
