"""Reads a written clip back: what its container could not keep must not pass for the clip."""

from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.error import FFmpegError
from av.packet import Packet

from .chunk_record import ChunkRecord
from .clip_times import one_tick_apart
from .errors import MediaError
from .probe import ClipInfo, probe
from .recording import announced, main_video, timed_packets


class UnfitContainer(Exception):
    """A container cannot hold the clip, said as the end of a sentence; the next one may."""


class MovedPictures(UnfitContainer):
    """A container that holds everything, but not every picture at its time."""


def verify_clip(
    path: Path,
    info: ClipInfo,
    records: Sequence[ChunkRecord],
    copied: Sequence[tuple[str, int]],
    on_packet: Callable[[], None] = lambda: None,
    *,
    apart: bool = False,
) -> ClipInfo:
    """Reads the written file back, all packets, and the first picture; returns what it is now.

    Args:
        on_packet: called for each packet.
        apart: pictures that share a time may have been moved by a tick each.

    Raises:
        UnfitContainer: it does not hold every packet, or not every picture at its time, or none that decodes.
    """
    ticks = [time for record in records for time in record.pts]
    expected = [time * info.time_base for time in (one_tick_apart(ticks) if apart else ticks)]
    try:
        time_base, found, others = _read_back(path, on_packet)
    except (FFmpegError, MediaError) as error:
        raise UnfitContainer("cannot be read back") from error
    try:
        made = probe(path)
    except MediaError as error:
        raise UnfitContainer("holds pictures that do not decode") from error
    if len(found) != len(expected):
        raise UnfitContainer(f"kept {len(found)} of {len(expected)} pictures")
    # Containers put cover art last, and muxers add tracks (chapters): only streams of one kind keep their order.
    for kind in {kind for kind, _ in copied}:
        wanted = [count for other, count in copied if other == kind]
        kept = [count for other, count in others if other == kind][: len(wanted)]
        if kept != wanted:
            raise UnfitContainer(f"kept {kept} of {wanted} packets of the {kind} streams")
    for time, wanted in zip(sorted(found), expected, strict=True):
        if abs(time * time_base - wanted) > max(time_base, info.time_base):
            raise MovedPictures(
                f"cannot keep the pictures' times ({float(wanted):.4f} s became {float(time * time_base):.4f} s)"
            )
    return made


def _read_back(path: Path, on_packet: Callable[[], None]) -> tuple[Fraction, list[int], list[tuple[str, int]]]:
    """The video's time base and its packets' times, and the kind of every other stream with its number of packets."""
    found: list[int] = []
    with av.open(str(path), metadata_errors="replace") as container:
        video = main_video(container, path)
        time_base = video.time_base or Fraction(1)
        counts = {stream.index: 0 for stream in container.streams}
        # One that cannot be read to its end lacks packets.
        for packet in announced(timed_packets(container), on_packet):
            if packet.stream_index == video.index:
                found.append(packet.pts if packet.pts is not None else packet.dts or 0)
            else:
                counts[packet.stream_index] += not is_pause(packet)
        others = [(stream.type, counts[stream.index]) for stream in container.streams if stream.index != video.index]
    return time_base, found, others


def is_pause(packet: Packet) -> bool:
    """Whether it is one of the captions without text that fill the pauses in MP4; the muxer adds more of them."""
    return packet.size == 2 and packet.stream.type == "subtitle" and not any(bytes(packet))
