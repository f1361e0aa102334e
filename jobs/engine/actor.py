"""The actor of any engine: one process with one student, which plans recordings and sharpens chunks, one at a time."""

import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from ...models.errors import VidsharpError
from ...models.gpu.settings import GpuSettings
from ...pipeline.atomic import make_folder
from ...pipeline.choose_rate import Recording, choose_rate, tightened
from ...pipeline.chunk_record import ChunkDone
from ...pipeline.edge_steepness import is_sharp
from ...pipeline.encoder import EncoderChoice
from ...pipeline.encoder_plan import EncoderPlan
from ...pipeline.errors import EncoderError, MediaError
from ...pipeline.fingerprint import Fingerprint, Seen, check_unchanged, read_source
from ...pipeline.frame_observer import NoObserver
from ...pipeline.gpu_encode import instead_of_gpu, still_asked_for
from ...pipeline.heap import trim_heap, use_one_heap
from ...pipeline.original import Original, find_original
from ...pipeline.part import WHOLE_CLIP, Part
from ...pipeline.plan import Chunk, PacketTiming, plan_chunks
from ...pipeline.probe import ClipInfo, probe
from ...pipeline.provenance import digest, provenance
from ...pipeline.rate_choice import NO_CHOICE, NO_WISH, RateChoice, RateWish
from ...pipeline.recording import silence
from ...pipeline.sharpen import check_pixel_format
from ...pipeline.sharpen_chunk import ChunkTask, sharpen_chunk
from ...pipeline.survey import holding_all, read_through
from ...pipeline.timeline import missing_pictures
from ...pipeline.window import pictures_of
from ...pipeline.workspace import Workspace
from ..files.earlier_run import ClipState, EarlierResult
from .measure_task import MeasureTask
from .node import Needed, check_sees, node_name

if TYPE_CHECKING:  # torch is imported in the actor's process only, not by the driver that names this class
    from ...models.enhance import Enhancer
    from ...models.nets.chroma_choice import Chroma
    from ..files.far_recording import FarRecording
    from ..files.far_work import FarWork


@dataclass(frozen=True)
class PrepareTask:
    """All that an actor needs to plan a recording."""

    path: Path
    clip: str
    """The recording's relative path, for people who look into the plan."""
    folder: Path
    """The clip's workspace: reachable from every node, or each node's own, with `work`."""
    key: str
    """Of the recording in its present state and the settings."""
    chunk_seconds: float
    encoder: EncoderChoice
    seen: Seen
    """The recording, as it was when the run began."""
    original: Path | None = None
    """The sharp original, where there is one."""
    earlier: EarlierResult | None = None
    """What an earlier run has made, where it takes the recording's content to tell whether that is its result."""
    part: Part = WHOLE_CLIP
    """What is taken of it."""
    wish: RateWish = NO_WISH
    """Bounds of its size and quality."""
    skip_sharp: bool = False
    """Whether it is to be left as it is where it is sharp already."""
    tighter: bool = False
    """Whether its result came out too large with the plan that it has."""
    far: "FarRecording | None" = None
    """Where it has to be brought from first."""
    work: "FarWork | None" = None
    """Where plan and chunks are that are not in the workspace."""
    leaves_plans: bool = False
    """Whether a plan whose pictures come out otherwise here is left to others, and is not replaced."""


@dataclass(frozen=True)
class Prepared:
    """A recording that is ready to be sharpened, with what an earlier run has done of it."""

    info: ClipInfo
    encoder: EncoderPlan
    chunks: tuple[Chunk, ...]
    provenance_digest: str
    """The digest of what makes its pictures: see `provenance.py`."""
    fingerprint: Fingerprint
    """What the recording is."""
    done: dict[int, ChunkDone] = field(default_factory=dict)
    """Finished chunks by index."""
    original: Original | None = None
    """Its sharp original, where one was named and there is one."""
    rate: RateChoice = NO_CHOICE
    """How its encoder's quality was chosen, where that was asked for."""
    copied: int | None = None
    """The number of its pictures, where it is sharp already and is to be copied; it then has no chunks."""
    notes: tuple[str, ...] = ()
    """Sentences for the clip's row."""


@dataclass(frozen=True)
class NotToDo:
    """A recording that is not worked on, because of what an earlier run has made."""

    state: ClipState
    fingerprint: Fingerprint


class MadeOtherwise(VidsharpError, RuntimeError):
    """This process would make other pictures than those that the clip's plan speaks of."""


def _made_otherwise() -> MadeOtherwise:
    return MadeOtherwise(f"the node {node_name()} makes other pictures than the one that planned the clip")


class SharpenActor:
    """Media are opened here and not in the driver: a recording that crashes a codec costs one retry, not the job."""

    def __init__(self, threads: int, must_see: Sequence[Sequence[Needed]] = ()) -> None:
        silence()
        use_one_heap()
        self._threads = threads
        self._must_see = must_see
        self._enhancer: Enhancer | None = None
        self._steps = self._packets = 0

    def load(
        self,
        model: str,
        device: str,
        strength: float,
        look: float | None = None,
        chroma: "Chroma | None" = None,
        gpu: GpuSettings | None = None,
    ) -> str:
        """Loads the student, once, before all other calls; returns the node's name.

        Raises:
            NodeError: something that the run needs is not on this node.
            ModelError, CheckpointError, DeviceError: as `Enhancer`.
        """
        from ...models.enhance import Enhancer

        check_sees(self._must_see)
        self._enhancer = Enhancer(
            model, device=device, strength=strength, threads=self._threads, look=look, chroma=chroma, gpu=gpu
        )
        return socket.gethostname()

    def prepare(self, task: PrepareTask) -> Prepared | NotToDo:
        """Probes a recording, checks that its pictures can be sharpened and encoded, and plans it or finds its plan.

        Raises:
            MediaError, EncoderError: the recording, its original or the encoder cannot do it.
            OutputError: the workspace cannot be written.
            StorageError: as `FarWork`.
            MadeOtherwise: the task leaves its plan to others.
        """
        if task.work is not None:
            task.work.make_room()
            task.work.bring_plan(Workspace(task.folder, task.key))
        if task.far is not None:
            task.far.bring(self._step)
        if not task.path.exists():
            raise MediaError(f"{task.path} does not exist on the node {node_name()}", task.path)
        check_unchanged(task.path, task.seen)
        source = read_source(task.path, task.seen)
        fingerprint = Fingerprint.of(source)
        if task.earlier is not None:
            state = task.earlier.state(task.path, source, Workspace(task.folder, task.key))
            if state != "open":
                return NotToDo(state, fingerprint)
        info = probe(task.path)
        check_pixel_format(info)
        planned = self._planned_tighter if task.tighter else self._planned_before
        prepared, original = planned(task, info, fingerprint), None
        if prepared is None or task.original:
            held, encoder, timeline = read_through(info, task.encoder, self._step)
            if prepared is None and task.skip_sharp and is_sharp(info, timeline):
                pictures = sum(packet.shown for packet in timeline)
                return Prepared(info, encoder, (), "", fingerprint, copied=pictures)
            original = find_original(task.original, held, timeline) if task.original else None
            prepared = prepared or self._plan(task, held, encoder, timeline, fingerprint)
        workspace = Workspace(task.folder, task.key, prepared.provenance_digest)
        if task.work is not None:
            task.work.share_chunks(workspace, prepared.chunks, self._step)
        done = {index: record.outline for index, record in workspace.done(prepared.chunks).items()}
        note = instead_of_gpu(task.encoder, info, prepared.encoder)
        return replace(prepared, done=done, original=original, notes=(note,) if note else ())

    def _planned_before(self, task: PrepareTask, info: ClipInfo, fingerprint: Fingerprint) -> Prepared | None:
        """The plan of an earlier run; None where there is none, or its pictures would come out otherwise here."""
        plan = Workspace(task.folder, task.key).load()
        if plan is None or plan.encoder is None or plan.content != fingerprint.content:
            return None
        if not still_asked_for(task.encoder, plan.encoder):
            return None
        try:
            held, encoder = holding_all(info, plan.shapes, task.encoder, plan.encoder)
        except EncoderError:
            return None
        made_by = digest(self._provenance(encoder, held))
        if plan.made_by != made_by:
            if task.leaves_plans:
                raise _made_otherwise()
            return None
        return Prepared(held, encoder, plan.chunks, made_by, fingerprint, rate=plan.rate)

    def _planned_tighter(self, task: PrepareTask, info: ClipInfo, fingerprint: Fingerprint) -> Prepared | None:
        """The plan of this run with an encoder that takes fewer bytes; None where there is none any more."""
        plan = Workspace(task.folder, task.key).load()
        if plan is None or plan.encoder is None:
            return None
        tighter, rate = tightened(plan.encoder, plan.rate, info)
        held, encoder = holding_all(info, plan.shapes, task.encoder, tighter)
        return self._begun(task, held, encoder, plan.chunks, rate, fingerprint)

    def _plan(
        self,
        task: PrepareTask,
        info: ClipInfo,
        encoder: EncoderPlan,
        timeline: Sequence[PacketTiming],
        fingerprint: Fingerprint,
    ) -> Prepared:
        assert self._enhancer is not None, "load() comes first"
        ticks, missing = int(task.chunk_seconds / info.time_base), missing_pictures(info, timeline)
        within = pictures_of(task.part, info, timeline)
        chunks = plan_chunks(timeline, ticks, missing, context=self._enhancer.context, within=within)
        rate = NO_CHOICE
        if not task.wish.bounds_nothing:
            recording = Recording(info, timeline, chunks, within, task.path.stat().st_size)
            make_folder(task.folder)
            with TemporaryDirectory(prefix="trial-", dir=task.folder) as folder:
                encoder, rate = choose_rate(recording, encoder, task.wish, self._enhancer, Path(folder), self._step)
        return self._begun(task, info, encoder, chunks, rate, fingerprint)

    def _begun(
        self,
        task: PrepareTask,
        info: ClipInfo,
        encoder: EncoderPlan,
        chunks: tuple[Chunk, ...],
        rate: RateChoice,
        fingerprint: Fingerprint,
    ) -> Prepared:
        """What was planned, written down."""
        made = self._provenance(encoder, info)
        made_by = digest(made)
        workspace = Workspace(task.folder, task.key, made_by)
        content = fingerprint.content
        workspace.begin(task.clip, chunks, info.shapes, made, encoder=encoder, content=content, rate=rate)
        if task.work is not None:
            task.work.keep_plan(workspace)
        return Prepared(info, encoder, chunks, made_by, fingerprint, rate=rate)

    def _provenance(self, encoder: EncoderPlan, info: ClipInfo) -> Mapping[str, Any]:
        assert self._enhancer is not None, "load() comes first"
        return provenance(self._enhancer, encoder, info)

    def sharpen(
        self,
        task: ChunkTask,
        measure: MeasureTask | None,
        far: "FarRecording | None" = None,
        work: "FarWork | None" = None,
    ) -> ChunkDone:
        """Does one chunk, and measures it; see `sharpen_chunk`. Its record is in the workspace then.

        Args:
            far: where its recording has to be brought from first.
            work: where others find it.

        Raises:
            MediaError, OutputError: as `FarRecording.bring`.
            StorageError: as `FarWork`.
            MadeOtherwise: the clip was planned where its pictures are made differently.
        """
        assert self._enhancer is not None, "load() comes first"
        if task.provenance_digest not in (None, digest(self._provenance(task.encoder, task.info))):
            raise _made_otherwise()
        self._steps = self._packets = 0
        if work is None or not work.keeps:
            return self._sharpen(task, measure, far)
        work.make_room()
        make_folder(task.folder)
        workspace = Workspace(task.folder, task.key, task.provenance_digest)
        # An attempt that came to nothing may have done it on this node, and not been able to say so.
        there = workspace.load_record(task.chunk)
        done = self._sharpen(task, measure, far) if there is None else there.outline
        work.keep_chunk(workspace, task.chunk, self._read)
        return done

    def _sharpen(self, task: ChunkTask, measure: MeasureTask | None, far: "FarRecording | None") -> ChunkDone:
        assert self._enhancer is not None, "load() comes first"
        if far is not None:
            far.bring(self._read)
        trim_heap()
        if measure is None:
            return sharpen_chunk(task, self._enhancer, self._step, NoObserver, self._read).outline
        from .measure_chunk import ChunkMeasure

        observer = partial(ChunkMeasure, measure, task.info)
        return sharpen_chunk(task, self._enhancer, self._step, observer, self._read).outline

    def do(self, task: Callable[[Callable[[], None]], Any]) -> Any:
        """Does anything else that a run has to do away from its driver.

        Args:
            task: is called with what it calls for each packet, by which it is seen to get on.
        """
        self._steps = self._packets = 0
        return task(self._step)

    def frames_done(self) -> int:
        """How many frames of the chunk at work are encoded, in a second attempt again; before the first one, minus how
        many packets are decoded; or how many packets of a recording are read or joined. Called while any of these
        runs."""
        return self._steps or -self._packets

    def _step(self) -> None:
        self._steps += 1

    def _read(self) -> None:
        self._packets += 1
