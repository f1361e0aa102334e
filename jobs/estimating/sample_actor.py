"""The workers of estimates and previews: as `process` has them, but they also say what things took. Of a piece that is
sharpened only to be timed nothing is kept; an excerpt, which is to be looked at, stays where it is asked for."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...pipeline.atomic import make_folder
from ...pipeline.chunk_record import ChunkRecord
from ...pipeline.edge_steepness import is_sharp
from ...pipeline.encoder import EncoderChoice
from ...pipeline.encoder_plan import EncoderPlan
from ...pipeline.errors import MediaError
from ...pipeline.part import WHOLE_CLIP, Part
from ...pipeline.plan import Chunk, plan_chunks
from ...pipeline.probe import ClipInfo, probe
from ...pipeline.recording import open_recording
from ...pipeline.sharpen import check_pixel_format
from ...pipeline.sharpen_chunk import ChunkTask, sharpen_chunk
from ...pipeline.survey import holding_all, read_through
from ...pipeline.timeline import read_timeline
from ...pipeline.window import pictures_of
from ...pipeline.workspace import Workspace
from ..engine.actor import SharpenActor
from ..engine.actors import POLL_S, ActorPool
from ..engine.measure_chunk import ChunkMeasure
from ..engine.measure_task import MeasureTask
from ..engine.node import Needed
from .cost_model import Piece
from .looked import Looked, Start, kind_of
from .piece_times import piece_of
from .rate_trial import RateTask, RateTrial, try_rate

_KEY = "estimate"
WARM_FRAMES = 4
STEP_S = 2.0
"""Pieces begin at keyframes, at least so far from each other."""
ONE_MEASURED_IN = 12
"""Twice as often as `process` measures: there are few frames to learn from what one takes."""


@dataclass(frozen=True)
class Excerpt:
    """A part of a recording, sharpened, and what that took."""

    piece: Piece
    chunk: Chunk
    record: ChunkRecord
    file: Path
    """The encoded pictures."""


class SampleActor(SharpenActor):
    """A worker as `process` has them, which also says what things took."""

    def __init__(self, threads: int, must_see: Sequence[Sequence[Needed]] = ()) -> None:
        super().__init__(threads, must_see)
        self._warm: set[tuple[int, int, str]] = set()
        self._rates: dict[str, RateTrial] = {}
        """By the recording's name."""

    def look(
        self,
        path: Path,
        chunk_seconds: float,
        encoder: EncoderChoice,
        read: bool,
        part: Part = WHOLE_CLIP,
        skip_sharp: bool = False,
    ) -> Looked:
        """Does what `prepare` does, but writes nothing.

        Raises:
            MediaError, EncoderError: the recording or the encoder cannot do it.
        """
        began = time.perf_counter()
        info = probe(path)
        check_pixel_format(info)
        if not read and info.duration_s:
            share = _share(part, info.duration_s)
            info, plan = holding_all(info, (), encoder)
            return Looked(info, plan, (), (), 0, time.perf_counter() - began, 0.0, share)
        probed = time.perf_counter()
        info, plan, timeline = read_through(info, encoder)
        seconds_read = time.perf_counter() - probed
        assert self._enhancer is not None, "load() comes first"
        within, context = pictures_of(part, info, timeline), self._enhancer.context
        chunks = plan_chunks(timeline, int(chunk_seconds / info.time_base), context=context, within=within)
        look_s = time.perf_counter() - began
        starts = plan_chunks(timeline, int(STEP_S / info.time_base), inside_gops=False, within=within)
        video_bytes = sum(packet.size for packet in timeline)
        ends = tuple(Start(chunk, len(timeline)) for chunk in starts)
        share = sum(chunk.frames for chunk in chunks) / max(1, sum(packet.shown for packet in timeline))
        copied = skip_sharp and is_sharp(info, timeline)
        return Looked(info, plan, chunks, ends, video_bytes, look_s, seconds_read, share, copied)

    def piece(
        self, name: str, info: ClipInfo, start: Start, frames: int, encoder: EncoderPlan, measured: bool, rate: RateTask
    ) -> Piece:
        """Sharpens `frames` frames from `start` on, and says what that took.

        Raises:
            MediaError, EncoderError, OutputError, ChunkError: as `sharpen_chunk`.
        """
        warm_s = self._warm_up(name, info, start, encoder)
        tried = self._rate(name, info, encoder, rate)
        piece = self._thrown_away(name, info, start, frames, tried.encoder, measured=measured)
        return _with_start(piece, warm_s, tried)

    def excerpt(
        self,
        name: str,
        info: ClipInfo,
        part: Part,
        encoder: EncoderPlan,
        folder: Path,
        measured: bool,
        rate: RateTask,
    ) -> Excerpt:
        """Sharpens a part, in one piece, as `process` does it, and says what that took.

        Args:
            folder: where it is kept.

        Raises:
            MediaError: the recording has no such part.
            EncoderError, OutputError, ChunkError: as `sharpen_chunk`.
        """
        assert self._enhancer is not None, "load() comes first"
        timeline = read_timeline(info)
        within = pictures_of(part, info, timeline)
        (chunk,) = plan_chunks(timeline, 2**62, context=self._enhancer.context, inside_gops=False, within=within)
        warm_s = self._warm_up(name, info, Start(chunk, len(timeline)), encoder)
        tried = self._rate(name, info, encoder, rate)
        make_folder(folder)
        piece, record = self._timed(name, info, chunk, tried.encoder, folder, measured=measured)
        return Excerpt(_with_start(piece, warm_s, tried), chunk, record, Workspace(folder, _KEY).chunk_file(chunk.name))

    def _rate(self, name: str, info: ClipInfo, encoder: EncoderPlan, task: RateTask) -> RateTrial:
        """The encoder as a run would choose its quality for the recording; tried once."""
        assert self._enhancer is not None, "load() comes first"
        if name not in self._rates:
            self._rates[name] = try_rate(task, info, encoder, self._enhancer, self._step)
        return self._rates[name]

    def _warm_up(self, name: str, info: ClipInfo, start: Start, encoder: EncoderPlan) -> float:
        """The time of a few pictures, where they are the first of their size in this process; else 0."""
        look = (info.width, info.height, info.pix_fmt)
        if look in self._warm:
            return 0.0
        self._warm.add(look)
        return self._thrown_away(name, info, start, WARM_FRAMES, encoder, measured=False).wall_s

    def _thrown_away(
        self, name: str, info: ClipInfo, start: Start, frames: int, encoder: EncoderPlan, *, measured: bool
    ) -> Piece:
        chunk = start.chunk
        end = min(start.end_packet, chunk.start.index + frames)
        # Cut off by packets: what is shown a little later than these is not worth the search; nor is what a part that
        # begins between keyframes would have to decode before it.
        chunk = replace(
            chunk,
            index=0,
            start_pts=None if chunk.start_pts is None else chunk.start.pts,
            end_pts=None,
            earlier_start=None,
            end_packet=end,
            frames=end - chunk.start.index,
        )
        with tempfile.TemporaryDirectory(prefix="vidsharp-estimate-") as folder:
            piece, _ = self._timed(name, info, chunk, encoder, Path(folder), measured=measured)
        return piece

    def _timed(
        self, name: str, info: ClipInfo, chunk: Chunk, encoder: EncoderPlan, folder: Path, *, measured: bool
    ) -> tuple[Piece, ChunkRecord]:
        assert self._enhancer is not None, "load() comes first"
        frames = range(ONE_MEASURED_IN // 2, chunk.frames, ONE_MEASURED_IN) if measured else ()
        task = MeasureTask(frames, None, preview=True)
        marks = [(time.perf_counter(), time.process_time())]

        def mark() -> None:
            marks.append((time.perf_counter(), time.process_time()))

        work = Workspace(folder, _KEY)
        chunk_task = ChunkTask(info, chunk, encoder, work.folder, work.key)
        record = sharpen_chunk(chunk_task, self._enhancer, mark, lambda: ChunkMeasure(task, info))
        mark()
        if not record.frames:
            raise MediaError(f"{info.path}: none of the pictures at {_clock(chunk, info)} decodes", info.path)
        first = _first_packet_bytes(work.chunk_file(chunk.name))
        return piece_of(name, kind_of(info, encoder), record, marks, first), record


def _with_start(piece: Piece, warm_s: float, tried: RateTrial) -> Piece:
    usual_s = piece.chunk_s + WARM_FRAMES * piece.frame_s
    return replace(
        piece,
        warm_s=max(0.0, warm_s - usual_s) if warm_s else 0.0,
        trial_frame_s=tried.frame_s,
        trial_frame_core_s=tried.frame_core_s,
    )


def _share(part: Part, duration_s: float) -> float:
    """The share of a recording that a part has."""
    start_s = min(part.start_s or 0.0, duration_s)
    return max(0.0, min(part.end_s or duration_s, duration_s) - start_s) / duration_s


def _clock(chunk: Chunk, info: ClipInfo) -> str:
    return f"{float((chunk.start_pts or 0) * info.time_base):.1f} s"


def _first_packet_bytes(path: Path) -> int:
    with open_recording(path) as container:
        return next((packet.size for packet in container.demux(video=0) if packet.size), 0)


class SamplePool(ActorPool):
    """The workers of the sample, kept alive as those of a run are."""

    actor_class = SampleActor

    def ask(self, name: str, method: str, arguments: tuple[Any, ...], about: Any) -> None:
        """Has an idle actor call one of its methods."""
        self._give(name, method, arguments, about)

    def wait_until_loaded(self) -> None:
        """Returns when the first actor can work."""
        while not self.idle():
            self.answers(POLL_S)
