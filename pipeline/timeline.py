"""Reads the timing of a recording's video packets: all that the planner needs, at the speed of the disk."""

from collections.abc import Callable, Sequence

from av.packet import Packet

from .container_traits import source_traits
from .errors import MediaError
from .field_pairs import FieldPairs
from .limits import check_packets, check_times
from .plan import PacketTiming
from .probe import ClipInfo
from .recording import open_recording, readable_packets, video_alone


def read_timeline(info: ClipInfo, on_packet: Callable[[Packet], None] = lambda _: None) -> list[PacketTiming]:
    """The video packets' timing, in decode order. Nothing is decoded here. `on_packet` is called with each.

    Raises:
        MediaError: the recording cannot be opened, holds no video packet, or more or later ones than any recording.
    """
    timeline: list[PacketTiming] = []
    with open_recording(info.path) as container:
        video = video_alone(container, info.stream_index)
        pairs = FieldPairs(video)
        for number, packet in enumerate(readable_packets(container, [video])):
            on_packet(packet)
            check_packets(number, info.path)  # empty ones count: a damaged index can announce billions
            if packet.size:
                second = pairs.is_second(packet)
                shown = not second and _is_shown(packet, info.codec)
                timeline.append(PacketTiming(packet.pts, packet.dts, packet.size, packet.is_keyframe, shown, second))
    if not timeline:
        raise MediaError(
            f"{info.path} announces video but holds none: it was cut off before the first picture", info.path
        )
    times = [packet.pts for packet in timeline if packet.pts is not None]
    if times:
        check_times(min(times) * info.time_base, max(times) * info.time_base, info.path)
    return timeline


def missing_pictures(info: ClipInfo, timeline: Sequence[PacketTiming]) -> int:
    """The number of pictures that the recording's index announces and whose packets are not there, since the file was
    cut off or damaged. Where there is no index of every picture, nobody knows, and this is 0.

    Raises:
        MediaError: the recording cannot be opened.
    """
    if not source_traits(info.container).indexed:
        return 0
    with open_recording(info.path) as container:
        index = container.streams[info.stream_index].index_entries
        packets = max(0, sum(entry.size > 0 for entry in index) - len(timeline))
    # Field by field, a picture has two packets; what is missing is as what is there.
    pictures = sum(not packet.second_field for packet in timeline)
    return -(-packets * pictures // len(timeline))


def _is_shown(packet: Packet, codec: str) -> bool:
    if packet.is_discard:
        return False
    # RFC 6386 §9.1: bit 4 of a VP8 frame's first byte is show_frame. Other codecs pack hidden pictures with shown ones.
    return codec != "vp8" or bool(bytes(memoryview(packet)[:1])[0] & 0x10)
