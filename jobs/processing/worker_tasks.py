"""The tasks that workers get of a run: to plan a recording, to sharpen a chunk, to measure some of its frames."""

import time
from collections.abc import Container, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...pipeline.encoder import EncoderChoice
from ...pipeline.plan import Chunk
from ...pipeline.sample import ALL, by_chunk, sample, usual_count
from ...pipeline.sharpen_chunk import DEFAULT_MEMORY_BYTES, ChunkTask
from ..config import ProcessConfig
from ..engine.actor import PrepareTask
from ..engine.measure_task import MeasureTask
from ..engine.pool import PoolPlan
from ..engine.schedule import Work
from ..files.clips import Clip
from ..files.storage import Storage
from .clip_states import Waiting
from .clip_work import ClipWork
from .join_clip import JoinTask, RunFacts
from .join_queue import JoinWork
from .run_settings import settings, versions

if TYPE_CHECKING:  # which imports what talks to object storage
    from ..files.far_recording import FarRecording
    from ..files.far_work import FarWork


def prepare_task(
    config: ProcessConfig,
    waiting: Waiting,
    encoder: EncoderChoice,
    far: "FarRecording | None" = None,
    work: "FarWork | None" = None,
    *,
    leaves_plans: bool = False,
) -> PrepareTask:
    """The task to look at a recording, which may have to be brought first, and to plan it."""
    return PrepareTask(
        path=waiting.clip.path,
        clip=waiting.clip.name,
        folder=waiting.workspace.folder,
        key=waiting.workspace.key,
        chunk_seconds=config.chunk_seconds,
        encoder=encoder,
        seen=waiting.seen,
        original=original_of(config, waiting.clip),
        earlier=waiting.earlier,
        part=config.part,
        wish=config.wish,
        skip_sharp=config.skip_sharp,
        tighter=waiting.tighter,
        far=far,
        work=work,
        leaves_plans=leaves_plans,
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


def run_facts(storage: Storage, report: Path, plan: PoolPlan, counts: Mapping[str, Any]) -> RunFacts:
    """What the joins of a run have to know of it.

    Args:
        report: the folder of its report.
        counts: as `fingerprint_settings`.
    """
    config = storage.config
    return RunFacts(
        config=replace(config, inputs=(config.out,), on_clip=None, webhook=None, webhook_key=None),
        out=config.out.absolute(),
        report=report,
        device=plan.device,
        settings=settings(config, plan, counts),
        versions=versions(),
        counts=counts,
    )


def join_task(
    run: RunFacts,
    join: JoinWork,
    storage: Storage,
    far: "FarRecording | None" = None,
    work: "FarWork | None" = None,
) -> JoinTask:
    """The task to join a clip, whose recording may have to be brought first.

    Raises:
        StorageError: as `Storage.upload`.
    """
    elapsed_s = time.monotonic() - join.work.began
    upload = storage.upload(join.work.workspace.folder.name, join.final(run.out))
    attempt, named = join.tries.all, join.named
    return JoinTask(run, join.work, elapsed_s, attempt, named, upload=upload, far=far, far_work=work)


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
