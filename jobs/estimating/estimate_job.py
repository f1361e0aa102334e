"""What a run will take: recordings are looked at, short pieces of them are sharpened, and the rest is added up.

Ray and the workers are those that `process` would start, so their start and what they take from each other are in it.
"""

import logging
import tempfile
import time
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any

from av.video.format import VideoFormat

from ...models.nets.catalogue import check_model, chroma_of, look_of
from ...pipeline.chunk_record import ChunkRecord
from ...pipeline.encoder import EncoderChoice, check_encoder, check_encoder_name, encoder_name
from ...pipeline.errors import MediaError
from ...pipeline.plan import Chunk, plan_chunks
from ...pipeline.probe import ClipInfo, probe
from ...pipeline.recording import open_recording, silence
from ...pipeline.sample import usual_count
from ...pipeline.sharpen import check_pixel_format
from ...pipeline.sharpen_chunk import ChunkTask, sharpen_chunk
from ...pipeline.survey import read_through
from ...pipeline.workspace import Workspace, file_stem
from ...reports.templates.page_words import counted
from ..config import ProcessConfig, UsageError
from ..engine.actor import SharpenActor
from ..engine.actors import POLL_S, ActorPool, Answer
from ..engine.cluster import ClusterError, living_nodes, ray_session
from ..engine.measure_chunk import ChunkMeasure
from ..engine.measure_task import MeasureTask
from ..engine.pool import plan_pool
from ..files.clips import REPORT_FOLDER, WORK_FOLDER, Clip
from ..files.earlier_run import standing
from ..files.report_folder import ReportFolder
from ..files.storage import Storage, open_to_read, url_of
from ..processing.clip_work import encoder_choice
from ..processing.made_with import what_counts
from .cost_model import Kind, KindEstimate, Piece, Recording, Workload, places, workload
from .unseen import Reckoner, evenly, to_bring

log = logging.getLogger("vidsharp")

MAX_TRIES = 2
"""How often a recording is looked at whose worker dies of it."""

PIECES = 6
"""At least so many pieces share the time of the sample, where the student is quick enough."""
TRIAL_FRAMES = 12
HEAD = 24
"""Frames until all stages are at work: encoders look about so far ahead."""
GOOD_FRAMES = 3 * HEAD
"""Pieces are at least so long, unless that takes longer than the sample may: then the student is so slow that the
encoder, of which a shorter piece sees little, does not matter."""
WARM_FRAMES = 4
STEP_S = 2.0
"""Pieces begin at keyframes, at least so far from each other."""
ONE_MEASURED_IN = 12
"""Twice as often as `process` measures: there are few frames to learn from what one takes."""

READ_BYTES = 4 * 1024**3
"""So much of the recordings is read for the times of their packets; of the rest, only the header and a picture."""

NOWHERE = Path("OUT")
"""The output folder where none is named."""


@dataclass(frozen=True)
class EstimateConfig(ProcessConfig):
    """The run that is estimated, and for how long it is tried.

    Raises:
        UsageError: a value out of range.
    """

    out: Path = NOWHERE
    """Of a run that has begun: what it has finished is left out. Nothing is written there."""
    sample_seconds: float = 20.0
    """How long pieces are sharpened to measure them; one piece is, however long it takes."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.sample_seconds <= 3600:
            raise UsageError(f"--sample-seconds {self.sample_seconds:g} is out of range: more than 0, at most 3600")


@dataclass(frozen=True)
class Estimate:
    """What a run will take. Times are in seconds."""

    recordings: int
    """That there is work on."""
    finished: int
    """That an earlier run into the same folder has finished."""
    failing: tuple[tuple[str, str], ...]
    """Recordings that will fail, and why."""
    video_s: float
    frames: int
    frames_exact: bool
    """Whether all frames were counted; else, of large folders, partly reckoned from duration and rate."""
    chunks: int
    device: str
    workers: int
    threads: int
    """Of each worker."""
    workers_here: int
    """That the machines have room for; fewer than `workers` where more were asked for."""
    wall_s: float
    start_s: float
    """Of this, starting Ray and loading the student."""
    worker_s: float
    """How long workers are busy, all added up."""
    core_s: float
    gpu_s: float | None
    """How long GPUs are reserved; None on CPUs."""
    bytes_out: float
    uncertainty: float
    """The 95 % interval is all of this ± this share."""
    on_workers: tuple[tuple[int, float], ...]
    """Numbers of workers like these, and how long the run takes on so many."""
    sampled_recordings: int
    sampled_frames: int
    sampled_s: float
    kinds: tuple[KindEstimate, ...]
    unseen: int = 0
    """Recordings on object storage that were not brought here, but reckoned from their sizes."""
    object_storage: bool = False
    """Whether recordings come from there: what bringing them takes is not in it."""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    """How many files of the folders were not taken as recordings, by ending."""


@dataclass(frozen=True)
class Start:
    """Where a piece may begin."""

    chunk: Chunk
    """Begins there."""
    end_packet: int
    """Of the recording."""


@dataclass(frozen=True)
class Looked:
    """What a worker says of a recording."""

    info: ClipInfo
    chunks: tuple[Chunk, ...]
    """As `process` plans it; empty where its packets were not read."""
    starts: tuple[Start, ...]
    video_bytes: int
    look_s: float
    read_s: float


def estimate(config: EstimateConfig) -> Estimate:
    """Says what `process` would take, after measuring for about `sample_seconds`. Writes nothing but temporary files.

    Raises:
        UsageError: there is nothing to estimate.
        ModelError, CheckpointError, EncoderError, DeviceError, ClusterError: what was asked for is not there.
        MediaError: no recording can be sharpened.
    """
    silence()
    check_model(config.model)
    chosen = {"look": look_of(config.model, config.look), "chroma": chroma_of(config.model, config.chroma)}
    config = replace(config, **chosen)
    with open_to_read(config) as storage:
        clips = storage.find()
        if config.encoder:
            check_encoder_name(config.encoder)
        storage.look()
        return _Estimation(replace(config, out=storage.config.out), storage, clips).run()


class SampleActor(SharpenActor):
    """A worker as `process` has them, which also says what things took. Its results are thrown away."""

    def __init__(self, threads: int, must_see: Sequence[Sequence[Path]] = ()) -> None:
        super().__init__(threads, must_see)
        self._warm: set[tuple[int, int, str]] = set()

    def look(self, path: Path, chunk_seconds: float, encoder: EncoderChoice, read: bool) -> Looked:
        """Does what `prepare` does, but writes nothing.

        Raises:
            MediaError, EncoderError: the recording or the encoder cannot do it.
        """
        began = time.perf_counter()
        info = probe(path)
        check_pixel_format(info)
        if not read and info.duration_s:
            check_encoder(encoder, info)
            return Looked(info, (), (), 0, time.perf_counter() - began, 0.0)
        probed = time.perf_counter()
        info, timeline = read_through(info, encoder)
        seconds_read = time.perf_counter() - probed
        assert self._enhancer is not None, "load() comes first"
        chunks = plan_chunks(timeline, int(chunk_seconds / info.time_base), context=self._enhancer.context)
        look_s = time.perf_counter() - began
        starts = plan_chunks(timeline, int(STEP_S / info.time_base), inside_gops=False)
        video_bytes = sum(packet.size for packet in timeline)
        ends = tuple(Start(chunk, len(timeline)) for chunk in starts)
        return Looked(info, chunks, ends, video_bytes, look_s, seconds_read)

    def piece(
        self, name: str, info: ClipInfo, start: Start, frames: int, encoder: EncoderChoice, measured: bool
    ) -> Piece:
        """Sharpens `frames` frames from `start` on, and says what that took.

        Raises:
            MediaError, EncoderError, OutputError, ChunkError: as `sharpen_chunk`.
        """
        look = (info.width, info.height, info.pix_fmt)
        warm_s = 0.0
        if look not in self._warm:
            self._warm.add(look)
            warm_s = self._time(name, info, start, WARM_FRAMES, encoder, measured=False).wall_s
        piece = self._time(name, info, start, frames, encoder, measured)
        usual_s = piece.chunk_s + WARM_FRAMES * piece.frame_s
        return replace(piece, warm_s=max(0.0, warm_s - usual_s) if warm_s else 0.0)

    def _time(
        self, name: str, info: ClipInfo, start: Start, frames: int, encoder: EncoderChoice, measured: bool
    ) -> Piece:
        assert self._enhancer is not None, "load() comes first"
        chunk = start.chunk
        end = min(start.end_packet, chunk.start.index + frames)
        # Cut off by packets: what is shown a little later than these is not worth the search.
        chunk = replace(
            chunk, index=0, end_pts=None, earlier_start=None, end_packet=end, frames=end - chunk.start.index
        )
        task = MeasureTask(range(ONE_MEASURED_IN // 2, frames, ONE_MEASURED_IN) if measured else (), None, preview=True)
        marks = [(time.perf_counter(), time.process_time())]

        def mark() -> None:
            marks.append((time.perf_counter(), time.process_time()))

        with tempfile.TemporaryDirectory(prefix="vidsharp-estimate-") as folder:
            work = Workspace(Path(folder), "estimate")
            chunk_task = ChunkTask(info, chunk, encoder, work.folder, work.key)
            record = sharpen_chunk(chunk_task, self._enhancer, mark, lambda: ChunkMeasure(task, info))
            mark()
            first = _first_packet_bytes(work.chunk_file(chunk.name)) if record.frames else 0
        if not record.frames:
            raise MediaError(f"{info.path}: none of the pictures at {_clock(chunk, info)} decodes", info.path)
        return _piece(name, kind_of(info, encoder), record, marks, first)


def _clock(chunk: Chunk, info: ClipInfo) -> str:
    return f"{float((chunk.start_pts or 0) * info.time_base):.1f} s"


def _first_packet_bytes(path: Path) -> int:
    with open_recording(path) as container:
        return next((packet.size for packet in container.demux(video=0) if packet.size), 0)


def _piece(name: str, kind: Kind, record: ChunkRecord, marks: Sequence[tuple[float, float]], first_bytes: int) -> Piece:
    """Splits what a piece took into a fixed part and a part for each frame.

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


def kind_of(info: ClipInfo, encoder: EncoderChoice) -> Kind:
    """What decides what a frame of a recording costs."""
    bits = VideoFormat(info.pix_fmt).components[0].bits
    return Kind(info.width, info.height, info.codec, bits, encoder_name(encoder, info))


class _SamplePool(ActorPool):
    """The workers of the sample, kept alive as those of a run are."""

    actor_class = SampleActor

    def ask(self, name: str, method: str, arguments: tuple[Any, ...], about: Any) -> None:
        """Has an idle actor call one of its methods."""
        self._give(name, getattr(self._actors[name].handle, method).remote(*arguments), about)

    def wait_until_loaded(self) -> None:
        """Returns when the first actor can work."""
        while not self.idle():
            self.answers(POLL_S)


@dataclass(frozen=True)
class _Left:
    """What an earlier run into the same folder has left to do of a clip."""

    finished: bool = False
    failing: str | None = None
    done: frozenset[int] = frozenset()
    """Chunks."""


class _Estimation:
    """The state of one call of `estimate`."""

    def __init__(self, config: EstimateConfig, storage: Storage, clips: Sequence[Clip]) -> None:
        self.config = config
        self.storage = storage
        self.encoder = encoder_choice(config)
        left = _left(config, storage, clips) if config.out != NOWHERE else {}
        self.left = {clip.name: left.get(clip.name, _Left()) for clip in clips}
        self.failing = {name: state.failing for name, state in self.left.items() if state.failing}
        self.clips = [clip for clip in clips if not (self.left[clip.name].finished or self.left[clip.name].failing)]
        self.sizes = {clip.name: storage.size(clip) or 0 for clip in self.clips}
        self.unseen: list[Clip] = []
        self.looked: dict[str, Looked] = {}
        self.pieces: list[Piece] = []
        self.sampled_s = 0.0

    def run(self) -> Estimate:
        if not self.clips:
            return self._estimate([], workload([], []), _Here(0, 0, self.config.device, 0.0))
        began = time.perf_counter()
        with ray_session(self.config.address):
            nodes = living_nodes()
            plan = plan_pool(nodes, self.config.device, self.config.workers)
            chosen = {"look": self.config.look, "chroma": self.config.chroma}
            pool = _SamplePool(plan, self.config.model, self.config.strength, **chosen)
            try:
                pool.wait_until_loaded()
                here = _Here(plan.actors, plan.threads, plan.device, time.perf_counter() - began)
                log.info("reading %s", counted(len(self.clips), "recording"))
                self._look(pool)
                log.info("sharpening pieces of them for about %.0f s", self.config.sample_seconds)
                self._sample(pool)
            finally:
                pool.stop()
        recordings = self._recordings()
        if recordings and not self.pieces:
            raise ClusterError("no piece of the recordings could be sharpened, so there is nothing to reckon from")
        return self._estimate(recordings, workload(recordings, self.pieces), here)

    # What there is.

    def _look(self, pool: _SamplePool) -> None:
        budget = READ_BYTES
        waiting: deque[tuple[Clip, bool, int]] = deque()
        # By name, the first ones might all be of one day: which of a terabyte are read shall not depend on that.
        clips = sorted(self.clips, key=lambda clip: file_stem(clip.name))
        far, self.unseen = to_bring([clip for clip in clips if self.storage.far(clip)], self.sizes)
        for clip in clips:
            if not self.storage.far(clip):
                size = self.sizes[clip.name]
                waiting.append((clip, size <= budget, 1))
                budget -= size if size <= budget else 0
        waiting.extend((clip, True, 1) for clip in far)
        while waiting or pool.busy:
            self.storage.fetch((clip for clip, *_ in waiting), at_most=len(far))
            if not pool.busy and not self._next_is_here(waiting):
                self.storage.wait(POLL_S)
            for actor in pool.idle():
                if self._next_is_here(waiting):
                    clip, read, tries = waiting.popleft()
                    pool.ask(
                        actor,
                        "look",
                        (clip.path, self.config.chunk_seconds, self.encoder, read),
                        (clip, read, tries),
                    )
            for answer in pool.answers(POLL_S):
                clip, read, tries = answer.about
                if answer.error is None:
                    self.looked[clip.name] = answer.value
                elif answer.permanent or tries >= MAX_TRIES:
                    self.failing[clip.name] = answer.sentence
                else:
                    waiting.append((clip, read, tries + 1))

    def _next_is_here(self, waiting: deque[tuple[Clip, bool, int]]) -> bool:
        """Whether the next clip can be looked at. Those that cannot be had will fail."""
        while waiting:
            try:
                return self.storage.fetched(waiting[0][0])
            except MediaError as error:
                self.failing[waiting.popleft()[0].name] = str(error)
        return False

    # What pieces of it cost.

    def _sample(self, pool: _SamplePool) -> None:
        by_kind = sorted(self.looked.items(), key=lambda one: (kind_of(one[1].info, self.encoder), one[0]))
        starts = [(name, looked, start) for name, looked in by_kind for start in looked.starts]
        if not starts:
            return
        shares = [start.chunk.frames * looked.info.width * looked.info.height for _, looked, start in starts]
        first = _middle_of_most([kind_of(looked.info, self.encoder) for _, looked, _ in starts], shares)
        once = _each_once(places(shares), len(starts), first)
        order = chain((first, first), once)  # the first is tried with a few frames, which tells how long pieces may be
        began = time.perf_counter()
        trial: Piece | None = None
        while True:
            self.sampled_s = time.perf_counter() - began
            for actor in pool.idle():
                enough = self.pieces and self.sampled_s >= self.config.sample_seconds
                place = None if enough or (pool.busy and trial is None) else next(order, None)
                if place is not None:
                    name, looked, start = starts[place]
                    frames = self._piece_frames(looked, trial, len(starts))
                    wanted = (name, looked.info, start, frames, self.encoder, self.config.measure != "off")
                    pool.ask(actor, "piece", wanted, name)
            if not pool.busy:
                break
            for answer in pool.answers(POLL_S):
                trial = self._take_piece(answer, trial)
        if not self.pieces and trial is not None:
            self.pieces.append(trial)

    def _piece_frames(self, looked: Looked, trial: Piece | None, starts: int) -> int:
        if trial is None:
            return TRIAL_FRAMES
        pixels = looked.info.width * looked.info.height
        frame_s = trial.frame_s * pixels / trial.kind.pixels
        affordable = self.config.sample_seconds / frame_s
        return max(TRIAL_FRAMES, int(affordable / min(PIECES, starts)), min(GOOD_FRAMES, int(affordable)))

    def _take_piece(self, answer: Answer, trial: Piece | None) -> Piece | None:
        if answer.error is not None:
            if isinstance(answer.about, str) and answer.permanent:
                self.failing[answer.about] = answer.sentence
                self.looked.pop(answer.about, None)
            log.debug("a piece of %s: %s", answer.about, answer.sentence)
            return trial
        piece: Piece = answer.value
        if trial is None and piece.wall_s < self.config.sample_seconds:
            return piece
        self.pieces.append(piece)
        return trial or piece

    # All of it.

    def _recordings(self) -> list[Recording]:
        read = [(looked, self.sizes[name]) for name, looked in self.looked.items() if looked.chunks]
        bytes_read = sum(size for _, size in read) or 1
        read_s = sum(looked.read_s for looked, _ in read) / bytes_read
        video_share = sum(looked.video_bytes for looked, _ in read) / bytes_read
        recordings = []
        for clip in self.clips:
            looked = self.looked.get(clip.name)
            if looked is None:
                continue
            info, size = looked.info, self.sizes[clip.name]
            if looked.chunks:
                every = [chunk.frames for chunk in looked.chunks]
                left = [frames for n, frames in enumerate(every) if n not in self.left[clip.name].done]
                reading_s, looking_s, other = looked.read_s, looked.look_s, size - looked.video_bytes
            else:
                left = every = _even_chunks(info, self.config.chunk_seconds)
                reading_s, other = size * read_s, int(size * (1 - video_share))
                looking_s = looked.look_s + reading_s
            frames = sum(every)
            share = sum(left) / max(1, frames)
            recordings.append(
                Recording(
                    name=clip.name,
                    kind=kind_of(info, self.encoder),
                    video_s=float(frames / info.frame_rate) if info.duration_s is None else info.duration_s,
                    chunk_frames=tuple(left),
                    measured_frames=round(share * self._measured(frames)),
                    look_s=looking_s,
                    read_s=reading_s,
                    other_bytes=max(0, other),
                )
            )
        if not recordings:
            why = "it was not looked at: none of the recordings that were can be sharpened"
            self.failing |= {clip.name: why for clip in self.unseen}
        reckoner = Reckoner(tuple(recordings), self.sizes, self.config.chunk_seconds)
        return [*recordings, *reckoner.like_them(self.unseen)]

    def _measured(self, frames: int) -> int:
        wanted = self.config.measure
        if wanted == "off":
            return 0
        return frames if wanted == "every" else min(frames, usual_count(frames) if wanted == "auto" else wanted)

    def _estimate(self, recordings: Sequence[Recording], work: Workload, here: "_Here") -> Estimate:
        workers = self.config.workers or here.workers
        wall_s = work.wall_s(workers, here.start_s)
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
            gpu_s=(wall_s * workers) if here.device.startswith("cuda") else None,
            bytes_out=work.bytes_out,
            uncertainty=work.uncertainty,
            on_workers=tuple((count, work.wall_s(count, here.start_s)) for count in sorted({1, 2, 4, 8, 16, workers})),
            sampled_recordings=len({piece.recording for piece in self.pieces}),
            sampled_frames=sum(piece.frames for piece in self.pieces),
            sampled_s=self.sampled_s,
            kinds=work.kinds,
            unseen=len(self.unseen) if recordings else 0,
            object_storage=any(map(url_of, self.config.inputs)),
            passed_over=dict(self.storage.passed_over.by_ending),
        )


@dataclass(frozen=True)
class _Here:
    """What Ray's machines have, and how long it took to start there."""

    workers: int
    threads: int
    device: str
    start_s: float


def _even_chunks(info: ClipInfo, chunk_seconds: float) -> list[int]:
    """About the chunks of a recording whose packets were not read."""
    duration_s = info.duration_s or 0.0
    frames = round(duration_s * float(info.frame_rate))
    return evenly(frames, int(duration_s / chunk_seconds))


def _middle_of_most(kinds: Sequence[Kind], shares: Sequence[float]) -> int:
    """A place in the middle of the kind with the most pixels: however short the sample, that kind is measured."""
    of_kind = Counter[Kind]()
    for kind, share in zip(kinds, shares, strict=True):
        of_kind[kind] += int(share)
    most = max(of_kind, key=lambda kind: (of_kind[kind], kind))
    own = [place for place, kind in enumerate(kinds) if kind == most]
    return own[len(own) // 2]


def _each_once(order: Iterator[int], among: int, first: int) -> Iterator[int]:
    """The places of `order` without repetition and without `first`, until it brings nothing new any more."""
    seen = {first}
    repeated = 0
    while len(seen) < among and repeated < 4 * among:
        place = next(order)
        repeated += place in seen
        if place not in seen:
            seen.add(place)
            yield place


def _left(config: ProcessConfig, storage: Storage, clips: Sequence[Clip]) -> dict[str, _Left]:
    """What a run into `config.out` would skip, refuse, or take over, by clip."""
    out = config.out.absolute()
    earlier = ReportFolder(out / REPORT_FOLDER).earlier()
    settings = what_counts(config)
    left: dict[str, _Left] = {}
    for clip in clips:
        try:
            workspace = Workspace.of(out / WORK_FOLDER, clip.name, storage.key(clip, settings))
            row, source = earlier.get(clip.name, {}), storage.source(clip)
            found = standing(clip, out, row, workspace, source, settings)
        except MediaError as error:
            left[clip.name] = _Left(failing=str(error))
            continue
        if found in ("foreign", "clash"):
            how = "was not made by vidsharp" if found == "foreign" else "was made of another recording"
            left[clip.name] = _Left(failing=f"{out / clip.relative} exists and {how}")
        else:
            plan = workspace.load_plan() or ()
            done = frozenset(chunk.index for chunk in plan if workspace.load_record(chunk) is not None)
            left[clip.name] = _Left(finished=found == "finished", done=done)
    return left
