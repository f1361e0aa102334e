"""One chunk's work, from packets of the recording to a whole chunk file: decode, sharpen and encode side by side."""

import os
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import TYPE_CHECKING

import av
from av.error import FFmpegError
from av.packet import Packet
from av.video.format import VideoFormat
from av.video.frame import VideoFrame

from .atomic import publish, temporary_name
from .chunk_record import ChunkRecord
from .container_traits import source_traits
from .decode import decode_chunk, frame_pts
from .encoder import add_encoder
from .encoder_plan import EncoderPlan
from .errors import ChunkError, OutputError, disk_sentence
from .fit import Fitter
from .frame_observer import FrameObserver, NoObserver
from .hdr10plus import Messages, with_message
from .overlap import Stopwatch, run_ahead
from .plan import Chunk, PacketMark
from .probe import ClipInfo
from .sharpen import plane_arrays, plane_format
from .workspace import Workspace

if TYPE_CHECKING:  # torch and NumPy stay out of processes that only plan and join
    import numpy as np

    from ..models.enhance import Enhancer

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
    """The clip's workspace, reachable from every node."""
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
    observer, chunk = new_observer(), task.chunk
    record, context, temporary = _attempt(task, chunk.start, enhancer, on_frame, observer, on_packet)
    short = record.frames < record.frames_expected or context < chunk.before + chunk.after
    if short and chunk.earlier_start is not None:
        second_observer = new_observer()
        second, more, other = _attempt(task, chunk.earlier_start, enhancer, on_frame, second_observer, on_packet)
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


def _attempt(
    task: ChunkTask,
    start: PacketMark,
    enhancer: "Enhancer",
    on_frame: Callable[[], None],
    observer: FrameObserver,
    on_packet: Callable[[], None],
) -> tuple[ChunkRecord, int, Path]:
    """One attempt: what it gave, how many pictures of context were seen beside that, and its file."""
    from ..models.sequence.session import Session
    from .sharpen_all import sharpen_all

    began, began_at, cores_before = perf_counter(), time.time(), process_time()
    decoding, sharpening, measuring, encoding, waiting = (Stopwatch() for _ in range(5))
    fmt, context = plane_format(task.info), 0
    errors: list[str] = []
    # Frames wait for those that they are seen with, and those leave copies.
    memory = task.memory_bytes - sum(enhancer.context) * _frame_bytes(task.info)
    ahead = enhancer.ahead(task.info.height, task.info.width)
    if ahead:  # a third is for what the GPU has begun
        memory, ahead = memory * 2 // 3, max(0, min(ahead, memory // 3 // _frame_bytes(task.info)))
    student = Session(enhancer, ahead)
    depth = frames_in_flight(task.info, memory)
    as_decoded: deque[list[np.ndarray]] = deque()
    """Of frames that the student is at work on: copies of the planes, where the observer wants them."""

    def owned(frame: VideoFrame) -> bool:
        return task.chunk.owns(frame_pts(frame))

    def noting(frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        nonlocal context
        number = 0
        for frame in frames:
            if owned(frame):
                wanted, number = observer.wants(number), number + 1
                with measuring:
                    as_decoded.append([plane.copy() for plane in plane_arrays(frame)] if wanted else [])
            else:
                context += 1
            yield frame

    def sharpened(frames: Iterator[VideoFrame]) -> Iterator[VideoFrame]:
        try:
            for number, frame in enumerate(sharpen_all(noting(frames), student, fmt, sharpening, owned)):
                before = as_decoded.popleft()
                with measuring:
                    if before:
                        observer.see(number, frame_pts(frame), before, plane_arrays(frame))
                yield frame
        finally:
            observer.close()
            frames.close()  # type: ignore[attr-defined]  # else the decoder's thread would outlive a student's error

    fitter = Fitter(task.info)
    messages, hevc = Messages(), task.info.codec == "hevc"

    def note(packet: Packet) -> None:
        on_packet()
        if hevc:
            messages.note(packet)

    pictures = decode_chunk(task.info.path, task.info.stream_index, task.chunk, start, errors, note)
    decoded = decoding.timing(fitter.all(pictures, owned))
    frames = waiting.timing(run_ahead(sharpened(run_ahead(decoded, depth)), depth))
    temporary = temporary_name(task.folder / f"{task.chunk.name}.nut")
    try:
        pts, durations, interlaced = _encode(task, frames, temporary, encoding, on_frame, messages)
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
        reused_share=student.share,
        interlaced=interlaced,
        fitted=fitter.fitted,
    )
    return record, context, temporary


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
            stream = add_encoder(container, task.encoder, task.info)
            step = stream.codec_context.time_base
            hevc = stream.codec_context.codec.canonical_name == "hevc"

            def encode(frame: VideoFrame | None) -> None:
                for packet in stream.encode(frame):
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
