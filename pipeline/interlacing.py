"""A look into packets' headers for recordings that begin with progressive pictures and turn interlaced later."""

from collections.abc import Callable
from pathlib import Path

from av.video.stream import VideoStream

from .h264_headers import H264Headers
from .limits import check_packets
from .nal_units import units_behind_start_codes
from .recording import open_recording, readable_packets, video_alone

_EXTENSION, _PICTURE_CODING = 0xB5, 8
"""The start code of an extension in MPEG-2 (ISO/IEC 13818-2, 6.2.1), and the identifier of a picture's (6.3.1)."""


def turns_interlaced(path: Path, stream_index: int) -> bool:
    """Whether a packet of the stream holds an interlaced picture. Nothing is decoded, and nothing is read where the
    stream's own header rules it out. Of codecs other than H.264 and MPEG-2 it is not known, and False.

    Raises:
        MediaError: the recording cannot be opened, or announces more packets than any recording.
    """
    with open_recording(path) as container:
        stream = video_alone(container, stream_index)
        is_interlaced = _reader(stream)
        if is_interlaced is None:
            return False
        for number, packet in enumerate(readable_packets(container, [stream])):
            check_packets(number, path)
            if packet.size and is_interlaced(memoryview(packet)):
                return True
    return False


def _reader(stream: VideoStream) -> Callable[[memoryview], bool] | None:
    """What says of each packet, in decode order, whether its picture is interlaced; None where none can be."""
    context = stream.codec_context
    if context.codec.canonical_name == "h264":
        headers = H264Headers(context.extradata)
        if headers.frames_only and not headers.in_band:
            return None

        def by_slice(packet: memoryview) -> bool:
            picture = headers.read(packet)
            return picture is not None and picture.interlaced

        return by_slice
    return _is_interlaced_mpeg2 if context.codec.canonical_name == "mpeg2video" else None


def _is_interlaced_mpeg2(packet: memoryview) -> bool:
    """By `progressive_frame` of its picture coding extension (6.2.3.1), which progressive sequences set, too."""
    for unit in units_behind_start_codes(bytes(packet[:2048])):
        if len(unit) >= 6 and unit[0] == _EXTENSION and unit[1] >> 4 == _PICTURE_CODING:
            return not unit[5] & 0x80
    return False
