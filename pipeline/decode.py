"""From packets to pictures: a decoder that treats undecodable packets as facts, and finds a chunk's first packet."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Any, Protocol

from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from .field_pairs import FieldPairs
from .limits import decoder_options
from .plan import MOST_LEADING, Chunk, PacketMark
from .recording import open_recording, video_alone, video_packets


class Timed(Protocol):
    """A picture and when it is shown, in ticks of its stream."""

    pts: int | None
    dts: int | None
    duration: int


@dataclass(frozen=True)
class Decoding:
    """How packets become pictures."""

    open: Callable[[Path], InputContainer] = lambda path: open_recording(path)
    decoder: Callable[[VideoStream], VideoCodecContext] = lambda stream: stream.codec_context
    """A stream's decoder, fresh."""
    take: Callable[[VideoFrame], Any] = lambda frame: frame
    """What each picture becomes as soon as it comes; what it returns is `Timed`."""


SOFTWARE = Decoding()
"""By the CPU; pictures stay as they are."""


def decode_packets(
    decoder: VideoCodecContext,
    packets: Iterable[Packet],
    errors: list[str],
    tells: Callable[[int | None], bool] = lambda _: True,
    take: Callable[[VideoFrame], Any] = SOFTWARE.take,
) -> Iterator[Any]:
    """Yields every picture that decodes, in presentation order, and flushes the decoder at the end.

    One thread decodes: decode, student and encoder run side by side anyway, and with frame threads it would depend on
    timing which pictures of a damaged stream come out.

    Args:
        decoder: a fresh decoder.
        packets: in decode order.
        errors: grows by one sentence for each packet that the decoder refused.
        tells: says by a packet's PTS whether it counts there.
        take: as in `Decoding`. It gets all pictures of a packet before the next one is decoded, and nothing here holds
            on to what it was given: a GPU's decoder has few surfaces.
    """
    decoder.thread_count = 1
    decoder.options = decoder_options()
    for packet in packets:
        # An empty packet would flush the decoder (AVI writes one where the previous picture is shown again).
        if packet.size == 0:
            continue
        try:
            pictures = decoder.decode(packet)
        except FFmpegError as error:
            if tells(packet.pts):
                errors.append(f"packet at {packet.pts}: {error.strerror}")
        else:
            yield from _taken(pictures, take)
    try:
        pictures = decoder.decode(None)
    except FFmpegError as error:
        errors.append(f"at the end: {error.strerror}")
    else:
        yield from _taken(pictures, take)


def _taken(pictures: list[VideoFrame], take: Callable[[VideoFrame], Any]) -> list[Any]:
    """Empties a decoder's list."""
    return [take(pictures.pop(0)) for _ in range(len(pictures))]


def frame_pts(frame: Timed) -> int | None:
    """A picture's PTS in ticks of its stream; its packet's DTS where the container stores no PTS (AVI)."""
    return frame.pts if frame.pts is not None else frame.dts


def decode_chunk(
    path: Path,
    stream_index: int,
    chunk: Chunk,
    start: PacketMark,
    errors: list[str],
    on_packet: Callable[[Packet], None] = lambda _: None,
    decoding: Decoding = SOFTWARE,
) -> Iterator[Any]:
    """Yields the pictures that `chunk` owns, in presentation order, with its context before and after them.

    Decoding begins at `start` (the chunk's keyframe, or an earlier one) and ends with the last packet that one of the
    chunk's pictures needs, or its context. Other pictures outside the chunk's PTS range belong to its neighbours and
    are dropped; which of those that come are owned, `Chunk.owns` says. `on_packet` is called with each packet before it
    is decoded. Pictures are what `decoding` makes of them.

    Raises:
        MediaError: the recording cannot be opened any more.
    """
    for find in (_sought, _counted):
        with decoding.open(path) as container:
            stream = video_alone(container, stream_index)
            damage: list[str] = []
            packets = find(container, stream, start, damage)
            if packets is None:
                continue
            # Where a picture of the context is lost, the next one takes its place, as in one go: read on until then.
            end = None if chunk.after else chunk.end_packet - start.index
            needed = _told(islice(packets, end), on_packet)
            both_fields: dict[int, int] = {}
            counted = _note_durations(needed, FieldPairs(stream), both_fields)
            decoded = decode_packets(decoding.decoder(stream), counted, errors, chunk.owns, decoding.take)
            for frame in _with_context(decoded, chunk, start):
                if frame.pts in both_fields:
                    frame.duration = both_fields.pop(frame.pts)
                yield frame
            errors += damage
            return


def _with_context(frames: Iterator[Any], chunk: Chunk, start: PacketMark) -> Iterator[Any]:
    """Of frames that are decoded from `start` on: the chunk's own, the last ones before them and the first ones after
    them, as many as the chunk says."""
    before: deque[Any] = deque(maxlen=chunk.before)
    own = later = 0
    for frame in frames:
        pts = frame_pts(frame)
        if chunk.owns(pts):
            yield from before
            before.clear()
            own += 1
            yield frame
        elif pts is not None and chunk.end_pts is not None and pts >= chunk.end_pts:
            later += 1
            if later <= chunk.after:
                yield frame
            # None of the chunk's own comes so late, unless it is lost.
            if chunk.after and later >= chunk.after + (0 if own >= chunk.frames else MOST_LEADING):
                return
        elif not own and not _leads(pts, start):
            before.append(frame)


def _leads(pts: int | None, start: PacketMark) -> bool:
    """Whether a picture is shown before the keyframe that decoding began at, and may lack what it refers to."""
    return start.index > 0 and pts is not None and start.pts is not None and pts < start.pts


def _note_durations(packets: Iterable[Packet], pairs: FieldPairs, both_fields: dict[int, int]) -> Iterator[Packet]:
    """Passes the packets on; `both_fields` gets how long each picture of two packets lasts, by its PTS. A decoder knows
    the time and duration of the first packet only."""
    first: tuple[int | None, int] = (None, 0)
    for packet in packets:
        if pairs.is_second(packet):
            pts, duration = first
            if pts is not None:
                both_fields[pts] = duration + (packet.duration or 0)
        else:
            first = packet.pts, packet.duration or 0
        yield packet


def _told(packets: Iterator[Packet], on_packet: Callable[[Packet], None]) -> Iterator[Packet]:
    for packet in packets:
        on_packet(packet)
        yield packet


def _sought(
    container: InputContainer, stream: VideoStream, start: PacketMark, damage: list[str]
) -> Iterator[Packet] | None:
    """The packets from `start` on, or None where seeking does not lead to that very packet."""
    if start.index == 0:
        return video_packets(container, stream, damage)
    target = start.dts if start.dts is not None else start.pts
    if target is None or start.pts is None:
        return None
    try:
        container.seek(target, stream=stream, backward=True)
        packets = video_packets(container, stream, damage)
        for packet in packets:
            if packet.pts == start.pts and packet.size == start.size:
                return chain([packet], packets)
            if packet.is_keyframe and packet.pts is not None and packet.pts > start.pts:
                return None
    except FFmpegError:
        return None
    return None


def _counted(container: InputContainer, stream: VideoStream, start: PacketMark, damage: list[str]) -> Iterator[Packet]:
    """The packets from `start` on, counted from the beginning: slow, but it cannot miss where the container's index is
    wrong or missing."""
    return islice(video_packets(container, stream, damage), start.index, None)
