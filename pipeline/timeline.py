"""Reads the timing of a recording's video packets: all that the planner needs, at the speed of the disk."""

from av.packet import Packet

from .errors import MediaError
from .plan import PacketTiming
from .probe import ClipInfo
from .recording import open_recording, video_alone, video_packets


def read_timeline(info: ClipInfo) -> list[PacketTiming]:
    """The video packets' timing, in decode order. Nothing is decoded.

    Raises:
        MediaError: the recording cannot be opened, or holds no video packet.
    """
    with open_recording(info.path) as container:
        video = video_alone(container, info.stream_index)
        timeline = [
            PacketTiming(packet.pts, packet.dts, packet.size, packet.is_keyframe, _is_shown(packet, info.codec))
            for packet in video_packets(container, video)
        ]
    if not timeline:
        raise MediaError(
            f"{info.path} announces video but holds none: it was cut off before the first picture", info.path
        )
    return timeline


def _is_shown(packet: Packet, codec: str) -> bool:
    if packet.is_discard:
        return False
    # RFC 6386 §9.1: bit 4 of a VP8 frame's first byte is show_frame. Other codecs pack hidden pictures with shown ones.
    return codec != "vp8" or bool(bytes(memoryview(packet)[:1])[0] & 0x10)
