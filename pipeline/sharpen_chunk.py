"""One chunk's work, from packets of the recording to a whole chunk file: decode, sharpen and encode side by side."""

import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import av
from av.error import FFmpegError
from av.packet import Packet
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from .atomic import publish, temporary_name
from .chunk_record import ChunkRecord
from .container_traits import source_traits
from .decode import Timed, decode_chunk, frame_pts
from .encoder import add_encoder
from .encoder_plan import EncoderPlan
from .errors import ChunkError, OutputError, disk_sentence
from .frame_observer import FrameObserver, NoObserver
from .gpu_decode import NotOnGpu
from .hdr10plus import Messages, with_message
from .overlap import Stopwatch, run_ahead
from .plan import Chunk, PacketMark
from .probe import ClipInfo
from .workspace import Workspace

if TYPE_CHECKING:  # torch and NumPy stay out of processes that only plan and join
    import numpy as np

    from ..models.enhance import Enhancer
    from .host_way import Way

ERRORS_KEPT = 5
"""Decoder complaints kept in a record; a badly damaged hour has thousands."""

DEFAULT_MEMORY_BYTES = 256 * 1024**2
"""Ceiling for frames in flight in one actor, where the user sets none."""


@dataclass(frozen=True)
class ChunkTask:
    """All that an actor needs to do one chunk. Frames never leave the actor; only this and the record travel."""

    info: ClipInfo
    chunk: Chunk
    encoder: EncoderPlan
    folder: Path
    """The clip's workspace, which is there."""
    key: str
    memory_bytes: int = DEFAULT_MEMORY_BYTES
    attempt: int = 1
    provenance_digest: str | None = None
    """What makes the clip's pictures (see `provenance.py`), as its plan says; None where nobody asks."""


def sharpen_chunk(
    task: ChunkTask,
    enhancer: "Enhancer",
    on_frame: Callable[[], None] = lambda: None,
    new_observer: Callable[[], FrameObserver] = NoObserver,
    on_packet: Callable[[], None] = lambda: None,
) -> ChunkRecord:
    """Does one chunk and marks it as done.

    Where fewer pictures decode than the packets announce, its own or of its context, the chunk is decoded once more
    from an earlier keyframe: some streams' keyframes need what came before them. What is missing after that is lost in
    the recording itself.

    Args:
        task: which pictures, how to write them, and where.
        enhancer: the student, loaded once by the caller.
        on_frame: called for each picture that has been encoded, in a second attempt again.
        new_observer: makes what sees the pictures of one attempt.
        on_packet: called, in a thread of its own, for each packet that is decoded, those before the chunk's own too.

    Raises:
        MediaError: the recording can no longer be opened.
        EncoderError: the encoder refuses the pictures.
        OutputError: the chunk file cannot be written.
        ChunkError: the file does not hold as many pictures as were put into it.
    """
    chunk = task.chunk

    def attempted(start: PacketMark) -> _Attempt:
        return _attempted(task, start, enhancer, on_frame, new_observer, on_packet)

    record, context, temporary, observer = attempted(chunk.start)
    short = record.frames < record.frames_expected or context < chunk.before + chunk.after
    if short and chunk.earlier_start is not None:
        second, more, other, second_observer = attempted(chunk.earlier_start)
        if (second.frames, more) > (record.frames, context):
            record, temporary, other, observer = second, other, temporary, second_observer
        other.unlink(missing_ok=True)
    workspace = Workspace(task.folder, task.key, task.provenance_digest)
    try:
        observer.keep(workspace.preview_file(task.chunk.name))
        if record.frames:
            publish(temporary, workspace.chunk_file(task.chunk.name))
    finally:
        temporary.unlink(missing_ok=True)  # on a full disk every byte counts
    workspace.save_record(task.chunk.name, record)
    return record


_Attempt = tuple[ChunkRecord, int, Path, FrameObserver]
"""What an attempt gave, how many pictures of context were seen beside that, its file, and who saw its pictures."""


def _attempted(
    task: ChunkTask,
    start: PacketMark,
    enhancer: "Enhancer",
    on_frame: Callable[[], None],
    new_observer: Callable[[], FrameObserver],
    on_packet: Callable[[], None],
) -> _Attempt:
    """One attempt: through the GPU's memory where pictures can go that way, else through this machine's."""
    memory, ahead = _shares(task, enhancer)
    depth = frames_in_flight(task.info, memory)
    why: str | None = None
    if enhancer.gpu is not None and enhancer.gpu.decodes:
        from .gpu_way import GpuWay

        try:
            way = GpuWay(task.info, task.encoder, enhancer, ahead)
            return _attempt(task, start, way, depth, on_frame, new_observer(), on_packet)
        except NotOnGpu as error:
            why = str(error)
    from .host_way import HostWay

    way = HostWay(task.info, enhancer, ahead)
    record, context, file, observer = _attempt(task, start, way, depth, on_frame, new_observer(), on_packet)
    return replace(record, not_on_gpu=why), context, file, observer


def _shares(task: ChunkTask, enhancer: "Enhancer") -> tuple[int, int]:
    """Of the memory for frames in flight: bytes for the stages, and how many frames may be begun on a GPU."""
    # Frames wait for those that they are seen with, and those leave copies.
    memory = task.memory_bytes - sum(enhancer.context) * _frame_bytes(task.info)
    ahead = enhancer.ahead(task.info.height, task.info.width)
    if ahead:  # a third is for what the GPU has begun
        memory, ahead = memory * 2 // 3, max(0, min(ahead, memory // 3 // _frame_bytes(task.info)))
    return memory, ahead


def _attempt(
    task: ChunkTask,
    start: PacketMark,
    way: "Way",
    depth: int,
    on_frame: Callable[[], None],
    observer: FrameObserver,
    on_packet: Callable[[], None],
) -> _Attempt:
    """An attempt on one way.

    Raises:
        NotOnGpu: the way leads through a GPU, and is not for these pictures.
    """
    began, began_at, cores_before = perf_counter(), time.time(), process_time()
    decoding, sharpening, measuring, encoding, waiting = (Stopwatch() for _ in range(5))
    errors: list[str] = []
    context = 0
    as_decoded: deque[list[np.ndarray]] = deque()
    """Of frames that the student is at work on: copies of the planes, where the observer wants them."""

    def owned(frame: Timed) -> bool:
        return task.chunk.owns(frame_pts(frame))

    def noting(frames: Iterator[Any]) -> Iterator[Any]:
        nonlocal context
        number = 0
        for frame in frames:
            if owned(frame):
                wanted, number = observer.wants(number), number + 1
                with measuring:
                    as_decoded.append([plane.copy() for plane in way.arrays(frame)] if wanted else [])
            else:
                context += 1
            yield frame

    def sharpened(frames: Iterator[Any]) -> Iterator[VideoFrame]:
        try:
            for number, frame in enumerate(way.sharpened(noting(frames), sharpening, owned)):
                before = as_decoded.popleft()
                with measuring:
                    if before:
                        observer.see(number, frame_pts(frame), before, way.arrays(frame))
                yield way.encodable(frame)
        finally:
            observer.close()
            frames.close()  # type: ignore[attr-defined]  # else the decoder's thread would outlive a student's error

    messages, hevc = Messages(), task.info.codec == "hevc"

    def note(packet: Packet) -> None:
        on_packet()
        if hevc:
            messages.note(packet)

    pictures = decode_chunk(task.info.path, task.info.stream_index, task.chunk, start, errors, note, way.decoding)
    decoded = decoding.timing(way.fitted_in(pictures, owned))
    frames = waiting.timing(run_ahead(sharpened(run_ahead(decoded, depth)), depth))
    temporary = temporary_name(task.folder / f"{task.chunk.name}.nut")
    try:
        pts, durations, interlaced = _encode(
            task, frames, temporary, encoding, on_frame, messages, surfaces=way.surfaces
        )
        own, around = task.chunk.frames, task.chunk.before + task.chunk.after
        way.check(errors, max(own - len(pts), around - context))
        reorder_depth = _check(temporary, len(pts), task) if pts else 0
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    record = ChunkRecord(
        index=task.chunk.index,
        frames_expected=task.chunk.frames,
        pts=tuple(pts),
        durations=tuple(durations),
        reorder_depth=reorder_depth,
        bytes=temporary.stat().st_size if pts else 0,
        errors=tuple(errors[:ERRORS_KEPT]),
        began_at=began_at,
        decode_s=decoding.seconds,
        model_s=sharpening.seconds,
        measure_s=measuring.seconds,
        encode_s=encoding.seconds,
        wait_s=waiting.seconds,
        wall_s=perf_counter() - began,
        core_s=process_time() - cores_before,
        node=socket.gethostname(),
        actor=str(os.getpid()),
        attempt=task.attempt,
        measured=observer.figures(),
        reused_share=way.reused_share,
        interlaced=interlaced,
        fitted=way.fitted,
    )
    return record, context, temporary, observer


def frames_in_flight(info: ClipInfo, memory_bytes: int) -> int:
    """How far decode and student may each run ahead, in frames: 1 to 8 within half of `memory_bytes` each."""
    return max(1, min(8, memory_bytes // 2 // _frame_bytes(info)))


def _frame_bytes(info: ClipInfo) -> int:
    fmt = VideoFormat(info.pix_fmt, info.width, info.height)
    return max(1, sum(part.width * part.height * ((part.bits + 7) // 8) for part in fmt.components))


def _encode(
    task: ChunkTask,
    frames: Iterator[VideoFrame],
    path: Path,
    clock: Stopwatch,
    on_frame: Callable[[], None],
    messages: Messages,
    *,
    surfaces: bool,
) -> tuple[list[int], list[int], int]:
    """Encodes `frames` into `path`, numbered from 0; returns their true times and durations in source ticks, and how
    many are interlaced."""
    beside: dict[int, bytes] = {}
    """HDR10+ messages by the number of their picture."""
    pts: list[int] = []
    durations: list[int] = []
    interlaced = 0
    in_order = source_traits(task.info.container).presentation_times
    nominal = max(1, round(1 / (task.info.frame_rate * task.info.time_base)))
    try:
        with av.open(str(path), "w", format=task.encoder.chunk_format) as container:
            stream = add_encoder(container, task.encoder, task.info, surfaces=surfaces)
            step = stream.codec_context.time_base
            hevc = stream.codec_context.codec.canonical_name == "hevc"

            def encode(frame: VideoFrame | None) -> None:
                try:
                    packets = stream.encode(frame)
                except FFmpegError as error:
                    name, why = task.encoder.name, error.strerror
                    raise ChunkError(f"{task.info.path}: {name} fails at {task.chunk.name}: {why}") from error
                for packet in packets:
                    unit = beside.pop(packet.pts, None) if packet.pts is not None else None
                    extradata = stream.codec_context.extradata or b""
                    container.mux(packet if unit is None else with_message(packet, unit, extradata))

            for frame in frames:
                due, duration = frame_pts(frame), frame.duration or 0
                if hevc and (unit := messages.take(due)) is not None:
                    beside[len(pts)] = unit
                if due is None:  # raw streams: an even rate is all there is to know
                    due, duration = pts[-1] + nominal if pts else 0, nominal
                # Damaged streams step back; pictures stay in order. (They may share a time: browsers record that.)
                pts.append(max(due, pts[-1]) if pts and in_order else due)
                durations.append(duration)
                interlaced += frame.interlaced_frame
                frame.pts, frame.time_base = len(pts) - 1, step
                with clock:
                    encode(frame)
                on_frame()
            with clock:
                if pts:
                    encode(None)
    except OSError as error:
        if isinstance(error, FFmpegError) and error.errno is None:
            raise ChunkError(f"{task.info.path}: {task.chunk.name} could not be encoded: {error}") from error
        raise OutputError(disk_sentence(error, path), path) from error
    finally:
        frames.close()  # type: ignore[attr-defined]
    return pts if in_order else sorted(pts), durations, interlaced


def _check(path: Path, frames: int, task: ChunkTask) -> int:
    """Reads the chunk file back: it must hold one packet for each frame. Returns the encoder's reorder depth."""
    order = packet_order(path)
    if len(order) != frames:
        raise ChunkError(
            f"{task.info.path}: {task.chunk.name} holds {len(order)} pictures instead of {frames}; is the disk full?",
            task.info.path,
        )
    return max(0, *(place - rank for place, rank in enumerate(order)))


def packet_order(path: Path) -> list[int]:
    """For each packet of a chunk file, in decode order: the place of its picture in presentation order."""
    with av.open(str(path)) as container:
        times = [packet.pts or 0 for packet in container.demux(container.streams.video[0]) if packet.size]
    ranks = {time: rank for rank, time in enumerate(sorted(times))}
    return [ranks[time] for time in times]
