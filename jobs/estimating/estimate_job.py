"""The estimate of a run's cost: recordings are looked at, short pieces of them are sharpened, and the rest is added up.

Engine and workers are those that `process` would start, so their start and what they take from each other are in it.
"""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from ...models.wording import counted
from ...pipeline.encoders import check_encoder_name
from ...pipeline.recording import silence
from ...reports.run.run_cost import RunCost, money
from ..engine.planned_engine import PlannedEngine
from ..engine.pool import PoolPlan
from ..engine.protocol import ClusterError, Engine
from ..files.clips import Clip
from ..files.open_storage import open_to_read
from ..files.storage import Storage, url_of
from ..processing.clip_work import encoder_choice
from ..processing.run_settings import with_choices
from .cost_model import Piece, Recording, Workload, workload
from .estimate_config import NOWHERE, EstimateConfig
from .estimate_result import Estimate
from .left_to_do import Left, left_to_do
from .look_at_clips import ClipLook
from .looked import Looked
from .recordings import recordings_of
from .sample_actor import SamplePool
from .sample_pieces import PieceSample
from .unseen import Reckoner

log = logging.getLogger("vidsharp")


def estimate(config: EstimateConfig) -> Estimate:
    """The cost of a run of `process`, measured for about `sample_seconds`. Writes nothing but temporary files.

    Raises:
        UsageError: there is nothing to estimate.
        ModelError, CheckpointError, EncoderError, DeviceError, ClusterError: what was asked for is not there.
        MediaError: no recording can be sharpened.
    """
    silence()
    config = with_choices(config)
    with open_to_read(config) as storage, PlannedEngine(config) as planned:
        clips = storage.find()
        if config.encoder:
            check_encoder_name(config.encoder)
        storage.look()
        began = time.perf_counter()
        config = with_choices(replace(config, out=storage.config.out, model=planned.student()))
        start_s = time.perf_counter() - began
        estimation = Estimation(config, storage, clips, lambda looked: PieceSample(config, looked))
        if not estimation.clips:
            return estimation.nothing_to_do()
        began = time.perf_counter()
        engine, plan = planned.begun()
        return estimation.run(engine, plan, start_s + time.perf_counter() - began)


@dataclass(frozen=True)
class _Here:
    """What Ray's machines have, and how long it took to start there."""

    workers: int
    threads: int
    device: str
    start_s: float
    gpus: float = 0.0
    """Of each worker."""


class Sample(Protocol):
    """What is sharpened to reckon from."""

    pieces: list[Piece]
    failing: dict[str, str]
    """Why recordings cannot be sharpened."""
    sampled_s: float

    def run(self, pool: SamplePool) -> None:
        """Returns when enough is sharpened."""
        ...


class Estimation:
    """One estimate: of a run with one student and its settings.

    Args:
        new_sample: makes what is sharpened of the recordings that were looked at.
        look: of an estimate of the same recordings before, where there was one: they are not looked at again.
    """

    def __init__(
        self,
        config: EstimateConfig,
        storage: Storage,
        clips: Sequence[Clip],
        new_sample: Callable[[Mapping[str, Looked]], Sample],
        look: ClipLook | None = None,
    ) -> None:
        self.config = config
        self.look = look
        self._new_sample = new_sample
        self.storage = storage
        self.encoder = encoder_choice(config)
        left = left_to_do(config, storage, clips) if config.out != NOWHERE else {}
        self.left = {clip.name: left.get(clip.name, Left()) for clip in clips}
        self.failing = {name: state.failing for name, state in self.left.items() if state.failing}
        self.clips = [clip for clip in clips if not (self.left[clip.name].finished or self.left[clip.name].failing)]
        self.sizes = {clip.name: storage.size(clip) or 0 for clip in self.clips}
        self.unseen: list[Clip] = []
        self.looked: dict[str, Looked] = {}
        self.copied: set[str] = set()
        """Names of those that are sharp already."""
        self.pieces: list[Piece] = []
        self.sampled_s = 0.0

    def nothing_to_do(self) -> Estimate:
        """The estimate where no clip is left."""
        return self._estimate([], workload([], []), _Here(0, 0, self.config.device, 0.0))

    def run(self, engine: Engine, plan: PoolPlan, begun_s: float) -> Estimate:
        """
        Args:
            begun_s: how long it took to start the engine, and to plan its workers.

        Raises:
            ClusterError: nothing could be sharpened.
        """
        began = time.perf_counter()
        self.encoder = encoder_choice(self.config, plan.encoders)
        chosen = {"look": self.config.look, "chroma": self.config.chroma}
        pool = SamplePool(engine, plan, self.config.model, self.config.strength, **chosen)
        try:
            pool.wait_until_loaded()
            start_s = begun_s + time.perf_counter() - began
            here = _Here(plan.actors, plan.threads, plan.device, start_s, plan.gpus or 1.0)
            self._look(pool)
            self._sample(pool)
        finally:
            pool.stop()
        recordings = self._recordings()
        if recordings and not self.pieces:
            raise ClusterError("no piece of the recordings could be sharpened, so there is nothing to reckon from")
        return self._estimate(recordings, workload(recordings, self.pieces), here)

    def _look(self, pool: SamplePool) -> None:
        if self.look is None:
            log.info("reading %s", counted(len(self.clips), "recording"))
            self.look = ClipLook(self.storage, self.clips, self.sizes)
            self.look.run(pool, self.config, self.encoder)
        self.unseen, looked = self.look.unseen, self.look.looked
        self.copied = {name for name, each in looked.items() if each.copied}
        self.looked = {name: each for name, each in looked.items() if not each.copied}
        self.failing |= self.look.failing

    def _sample(self, pool: SamplePool) -> None:
        sample = self._new_sample(self.looked)
        sample.run(pool)
        self.pieces, self.sampled_s = sample.pieces, sample.sampled_s
        self.failing |= sample.failing
        self.looked = {name: looked for name, looked in self.looked.items() if name not in sample.failing}

    def _recordings(self) -> list[Recording]:
        looked = {clip.name: self.looked[clip.name] for clip in self.clips if clip.name in self.looked}
        done = {name: self.left[name].done for name in looked}
        recordings = recordings_of(looked, self.sizes, done, self.config)
        if not recordings:
            why = "it was not looked at: none of the recordings that were is to be sharpened, or can be"
            self.failing |= {clip.name: why for clip in self.unseen}
        reckoner = Reckoner(tuple(recordings), self.sizes, self.config.chunk_seconds)
        return [*recordings, *reckoner.like_them(self.unseen)]

    def _estimate(self, recordings: Sequence[Recording], work: Workload, here: _Here) -> Estimate:
        workers = self.config.workers or here.workers
        wall_s = work.wall_s(workers, here.start_s)
        gpu_s = (wall_s * workers * here.gpus) if here.device.startswith("cuda") else None
        return Estimate(
            recordings=len(recordings),
            finished=sum(state.finished for state in self.left.values()),
            failing=tuple(sorted((name, sentence) for name, sentence in self.failing.items() if sentence)),
            video_s=sum(recording.video_s for recording in recordings),
            frames=sum(recording.frames for recording in recordings),
            frames_exact=not self.unseen and all(self.looked[recording.name].chunks for recording in recordings),
            chunks=len(work.tasks),
            device=here.device,
            workers=workers,
            threads=here.threads,
            workers_here=here.workers,
            wall_s=wall_s,
            start_s=here.start_s if work.tasks else 0.0,
            worker_s=work.worker_s,
            core_s=work.core_s,
            gpu_s=gpu_s,
            bytes_out=work.bytes_out + sum(self.sizes[name] for name in self.copied),
            uncertainty=work.uncertainty,
            on_workers=tuple((count, work.wall_s(count, here.start_s)) for count in sorted({1, 2, 4, 8, 16, workers})),
            sampled_recordings=len({piece.recording for piece in self.pieces}),
            sampled_frames=sum(piece.frames for piece in self.pieces),
            sampled_s=self.sampled_s,
            kinds=work.kinds,
            cost=self._cost(sum(recording.video_s for recording in recordings), work.core_s, gpu_s),
            unseen=len(self.unseen) if recordings else 0,
            copied=len(self.copied),
            object_storage=any(map(url_of, self.config.inputs)),
            passed_over=dict(self.storage.passed_over.by_ending),
        )

    def _cost(self, video_s: float, core_s: float, gpu_s: float | None) -> RunCost:
        prices = self.config.price_per_core_hour, self.config.price_per_gpu_hour
        return RunCost(video_s, core_s, gpu_s, money(core_s, gpu_s, *prices))
