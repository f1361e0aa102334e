"""The encoder's quality of a recording, chosen as `process` would choose it, and what that took."""

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...pipeline.choose_rate import Recording, choose_rate, pictures_tried
from ...pipeline.encoder_plan import EncoderPlan
from ...pipeline.part import WHOLE_CLIP, Part
from ...pipeline.plan import plan_chunks
from ...pipeline.probe import ClipInfo
from ...pipeline.rate_choice import NO_WISH, RateWish
from ...pipeline.timeline import read_timeline
from ...pipeline.window import pictures_of
from ..config import ProcessConfig

if TYPE_CHECKING:
    from ...models.enhance import Enhancer


@dataclass(frozen=True)
class RateTask:
    """What a run's settings say of the choice."""

    wish: RateWish = NO_WISH
    part: Part = WHOLE_CLIP
    chunk_seconds: float = 10.0

    @classmethod
    def of(cls, config: ProcessConfig) -> "RateTask":
        return cls(config.wish, config.part, config.chunk_seconds)


@dataclass(frozen=True)
class RateTrial:
    """What was chosen; times are for each picture that was tried, None where none was."""

    encoder: EncoderPlan
    frame_s: float | None = None
    frame_core_s: float | None = None


def try_rate(
    task: RateTask, info: ClipInfo, encoder: EncoderPlan, enhancer: "Enhancer", on_frame: Callable[[], None]
) -> RateTrial:
    """Chooses the quality for a recording.

    Args:
        on_frame: as `choose_rate` takes it.

    Raises:
        EncoderError, MediaError, OutputError, ChunkError: as `choose_rate`.
    """
    if task.wish.bounds_nothing:
        return RateTrial(encoder)
    timeline = read_timeline(info)
    within = pictures_of(task.part, info, timeline)
    ticks = int(task.chunk_seconds / info.time_base)
    chunks = plan_chunks(timeline, ticks, context=enhancer.context, within=within)
    recording = Recording(info, timeline, chunks, within, info.path.stat().st_size)
    began, cpu_began = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory(prefix="vidsharp-estimate-") as folder:
        chosen, _ = choose_rate(recording, encoder, task.wish, enhancer, Path(folder), on_frame)
    tried = max(1, pictures_tried(recording.frames, info.width * info.height))
    return RateTrial(chosen, (time.perf_counter() - began) / tried, (time.process_time() - cpu_began) / tried)
