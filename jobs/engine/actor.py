"""The Ray actor: one process with one student, which plans recordings and sharpens chunks, one at a time."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...models.errors import VidsharpError
from ...pipeline.chunk_record import ChunkRecord
from ...pipeline.encoder import EncoderChoice
from ...pipeline.errors import MediaError
from ...pipeline.heap import give_back, use_one_heap
from ...pipeline.original import Original, find_original
from ...pipeline.plan import Chunk, plan_chunks
from ...pipeline.probe import ClipInfo, probe
from ...pipeline.provenance import digest, provenance
from ...pipeline.recording import silence
from ...pipeline.sharpen import check_pixel_format
from ...pipeline.sharpen_chunk import ChunkTask, sharpen_chunk
from ...pipeline.survey import holding_all, read_through
from ...pipeline.timeline import missing_pictures
from ...pipeline.witness import NoWitness
from ...pipeline.workspace import Workspace
from .measure_task import MeasureTask
from .node import check_sees, node_name

if TYPE_CHECKING:  # torch is imported in the actor's process only, not by the driver that names this class
    from ...models.enhance import Enhancer
    from ...models.nets.chroma_choice import Chroma


@dataclass(frozen=True)
class Prepared:
    """A recording that is ready to be sharpened, with what an earlier run has done of it."""

    info: ClipInfo
    chunks: tuple[Chunk, ...]
    done: dict[int, ChunkRecord]
    """Finished chunks by index."""
    original: Original | None
    """Its sharp original, where one was named and there is one."""
    provenance_digest: str
    """The digest of what makes its pictures: see `provenance.py`."""


class MadeOtherwise(VidsharpError, RuntimeError):
    """This process would make other pictures than those that the clip's plan speaks of."""


class SharpenActor:
    """Media are opened here and not in the driver: a recording that crashes a codec costs one retry, not the job."""

    def __init__(self, threads: int, must_see: Sequence[Sequence[Path]] = ()) -> None:
        silence()
        use_one_heap()
        self._threads = threads
        self._must_see = must_see
        self._enhancer: Enhancer | None = None
        self._steps = self._packets = 0

    def load(
        self, model: str, device: str, strength: float, look: float | None = None, chroma: "Chroma | None" = None
    ) -> str:
        """Loads the student, once, before all other calls; returns the node's name.

        Raises:
            NodeError: something that the run needs is not on this node.
            ModelError, CheckpointError, DeviceError: as `Enhancer`.
        """
        from ...models.enhance import Enhancer

        check_sees(self._must_see)
        self._enhancer = Enhancer(
            model, device=device, strength=strength, threads=self._threads, look=look, chroma=chroma
        )
        return socket.gethostname()

    def prepare(
        self,
        path: Path,
        clip: str,
        folder: Path,
        key: str,
        chunk_seconds: float,
        encoder: EncoderChoice,
        original: Path | None,
    ) -> Prepared:
        """Probes a recording, checks that its pictures can be sharpened and encoded, and plans it or finds its plan.

        Raises:
            MediaError, EncoderError: the recording, its original or the encoder cannot do it.
            OutputError: the workspace cannot be written.
        """
        assert self._enhancer is not None, "load() comes first"
        if not path.exists():
            raise MediaError(f"{path} does not exist on the node {node_name()}", path)
        info = probe(path)
        check_pixel_format(info)
        # Shapes and chunks are those of the recording; what makes its pictures follows from the shapes.
        if Workspace(folder, key).load_plan() is None or original:
            held, timeline = read_through(info, encoder, self._step)
        else:
            held, timeline = holding_all(info, Workspace(folder, key).load_shapes(), encoder), None
        made = provenance(self._enhancer, encoder, held)
        workspace = Workspace(folder, key, digest(made))
        chunks = workspace.load_plan()
        if chunks is None and timeline is None:  # planned, but with pictures that were made otherwise
            held, timeline = read_through(info, encoder, self._step)
        found = find_original(original, held, timeline or []) if original else None
        if chunks is None:
            assert timeline is not None
            ticks = int(chunk_seconds / held.time_base)
            missing, context = missing_pictures(held, timeline), self._enhancer.context
            chunks = plan_chunks(timeline, ticks, missing, context=context)
            workspace.begin(clip, chunks, held.shapes, made)
        records = ((chunk.index, workspace.load_record(chunk)) for chunk in chunks)
        done = {index: record for index, record in records if record is not None}
        return Prepared(held, chunks, done, found, digest(made))

    def sharpen(self, task: ChunkTask, measure: MeasureTask | None) -> ChunkRecord:
        """Does one chunk, and measures it; see `sharpen_chunk`.

        Raises:
            MadeOtherwise: the clip was planned where its pictures are made differently.
        """
        assert self._enhancer is not None, "load() comes first"
        if task.provenance_digest not in (None, digest(provenance(self._enhancer, task.encoder, task.info))):
            raise MadeOtherwise(f"the node {node_name()} makes other pictures than the one that planned the clip")
        self._steps = self._packets = 0
        give_back()
        if measure is None:
            return sharpen_chunk(task, self._enhancer, self._step, NoWitness, self._read)
        from .measure_chunk import ChunkMeasure

        return sharpen_chunk(task, self._enhancer, self._step, lambda: ChunkMeasure(measure, task.info), self._read)

    def frames_done(self) -> int:
        """How many frames of the chunk at work are encoded, in a second attempt again; before the first one, minus how
        many packets are decoded; or how many packets of a recording are read. Called while `sharpen` or `prepare`
        runs."""
        return self._steps or -self._packets

    def _step(self) -> None:
        self._steps += 1

    def _read(self) -> None:
        self._packets += 1
