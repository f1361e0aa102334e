"""Reads a written clip back: what its container could not keep must not pass for the clip."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
from av.packet import Packet

from .chunk_record import ChunkRecord
from .errors import MediaError
from .probe import ClipInfo, probe
from .recording import main_video, timed_packets


class UnfitContainer(Exception):
    """A container cannot hold the clip, said as the end of a sentence; the next one may."""


def verify_clip(path: Path, info: ClipInfo, records: Sequence[ChunkRecord], copied: Sequence[tuple[str, int]]) -> None:
    """Reads the written file back: all packets, and the first picture.

    Raises:
        UnfitContainer: it does not hold every packet, or not every picture at its time, or none that decodes.
    """
    expected = [time * info.time_base for record in records for time in record.pts]
    found: list[int] = []
    with av.open(str(path), metadata_errors="replace") as container:
        video = main_video(container, path)
        time_base = video.time_base or Fraction(1)
        counts = {stream.index: 0 for stream in container.streams}
        for packet in timed_packets(container):
            if packet.stream_index == video.index:
                found.append(packet.pts if packet.pts is not None else packet.dts or 0)
            else:
                counts[packet.stream_index] += not is_pause(packet)
        others = [(stream.type, counts[stream.index]) for stream in container.streams if stream.index != video.index]
    try:
        probe(path)
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
            raise UnfitContainer(
                f"cannot keep the pictures' times ({float(wanted):.4f} s became {float(time * time_base):.4f} s)"
            )


def is_pause(packet: Packet) -> bool:
    """Whether it is one of the captions without text that fill the pauses in MP4; the muxer adds more of them."""
    return packet.size == 2 and packet.stream.type == "subtitle" and not any(bytes(packet))
