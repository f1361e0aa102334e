"""The metrics of a run, taken down from its state now and then, and told to a file and to the engine."""

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from ...pipeline.chunk_record import ChunkDone
from ..engine.actors import ActorPool
from ..engine.pool import Crew
from ..engine.protocol import Engine
from ..engine.work_result import WorkResult
from ..notifying import metrics
from ..notifying.metrics import Values
from ..notifying.openmetrics import MetricsFile
from .clip_states import ClipStates

log = logging.getLogger("vidsharp")

TELL_EVERY_S = 10.0
"""How often metrics are told."""

Outlet = Callable[[Values], None]
"""Where metrics go."""


@dataclass
class RunCounters:
    """What a run has done so far, as counters have it."""

    frames: int = 0
    chunks: int = 0
    stage_s: dict[str, float] = field(default_factory=lambda: dict.fromkeys(metrics.STAGE_SECONDS.values, 0.0))
    retries: dict[str, int] = field(default_factory=lambda: dict.fromkeys(metrics.RETRIES.values, 0))
    bytes: dict[str, int] = field(default_factory=lambda: dict.fromkeys(metrics.BYTES.values, 0))
    core_s: float = 0.0
    gpu_s: float = 0.0

    def add_chunk(self, chunk: ChunkDone, gpus: float = 0.0) -> None:
        """Counts a chunk that was finished by a worker that held such a share of a GPU."""
        self.frames += chunk.frames
        self.chunks += 1
        for stage in ("decode", "model", "measure", "encode", "wait"):
            self.stage_s[stage] += getattr(chunk, f"{stage}_s")
        self.core_s += chunk.core_s
        self.gpu_s += gpus * chunk.wall_s

    def add_clip(self, row: Mapping[str, object]) -> None:
        """Counts a clip that has come to its end, by its row of the tables."""
        if row["status"] not in ("done", "resumed", "copied"):
            return
        for of, column in (("recordings", "bytes_in"), ("results", "bytes_out")):
            self.bytes[of] += int(row.get(column) or 0)  # pyright: ignore[reportArgumentType]
        self.stage_s["join"] += float(row.get("mux_s") or 0.0)  # pyright: ignore[reportArgumentType]


class RunMeter:
    """A run's metrics, told now and then."""

    def __init__(self, run: str, file: Path | None, states: ClipStates, ended: Mapping[str, int]) -> None:
        """
        Args:
            run: what it is called in them.
            file: where they are written; None: nowhere.
            states: of the clips that have not ended.
            ended: the number of the others, by status.
        """
        self._run = run
        self._states = states
        self._ended = ended
        self._outlets: list[Outlet] = [MetricsFile(file, run)] if file else []
        self._told_at = 0.0
        self._gpus: Mapping[str, float] = {}
        self.counters = RunCounters()

    @contextmanager
    def connected(self, engine: Engine, gpus: Mapping[str, float]) -> Iterator[None]:
        """Tells the engine, too, for the time of a `with` block, and a last time at its end.

        Args:
            gpus: the share of a GPU that each of its workers holds, by device.
        """
        self._gpus = gpus
        self._told_at = 0.0
        self._outlets.append(partial(engine.tell, self._run))
        try:
            yield
        finally:
            self.tell()
            self._outlets.pop()

    def look(self, pool: ActorPool, wanted: int) -> None:
        """Tells what they are, where it is time; called often."""
        if time.monotonic() - self._told_at >= TELL_EVERY_S:
            self.tell(pool, wanted)

    def tell(self, pool: ActorPool | None = None, wanted: int = 0) -> None:
        """Tells what they are.

        Args:
            pool: None where the run has no workers, or none any more.
            wanted: how many workers it has a use for.
        """
        self._told_at = time.monotonic()
        if self._outlets:
            values = run_metrics(self.counters, self._ended, self._states, pool.crew() if pool else None, wanted)
            for outlet in self._outlets:
                outlet(values)

    def count_chunk(self, chunk: ChunkDone, device: str) -> None:
        """Counts a chunk that was finished by a worker on a device."""
        self.counters.add_chunk(chunk, self._gpus[device])

    def count_retry(self, answer: WorkResult, *, task: str = "", **about: object) -> None:
        """Counts a piece of work that is tried again, and logs why."""
        self.counters.retries[answer.cause] += 1
        log.warning("%s%s; trying again", task, answer.sentence, extra=answer.log_fields(**about))


def run_metrics(
    counters: RunCounters, ended: Mapping[str, int], states: ClipStates, crew: Crew | None, wanted: int
) -> Values:
    """All metrics as they are now. See `RunMeter`."""
    waiting = {"plan": states.to_prepare, "chunk": states.schedule.waiting, "join": states.joins.waiting}
    clips = {
        "waiting": len(states.unsorted) + len(states.to_prepare),
        "planned": len(states.preparing),
        "sharpened": len(states.under_way),
        "joined": len(states.joins.waiting) + len(states.joins.at_work),
        **{status: ended.get(status, 0) for status in metrics.ENDED},
    }
    return {
        metrics.CLIPS: clips,
        metrics.FRAMES: {"": counters.frames},
        metrics.CHUNKS: {"": counters.chunks},
        metrics.QUEUE: {work: len(queue) for work, queue in waiting.items()},
        metrics.WORKERS: crew.by_state if crew else dict.fromkeys(metrics.WORKERS.values, 0),
        metrics.WANTED: {"": wanted},
        metrics.STAGE_SECONDS: counters.stage_s,
        metrics.RETRIES: counters.retries,
        metrics.BYTES: counters.bytes,
        metrics.CORE_SECONDS: {"": counters.core_s},
        metrics.CORES: {"": crew.cores if crew else 0},
        metrics.GPU_SECONDS: {"": counters.gpu_s},
        metrics.GPUS: {"": crew.gpus if crew else 0},
    }
