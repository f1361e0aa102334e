"""Packets that hold only the second field of a picture: field-coded H.264 (PAFF) comes as one packet for each field
from transport streams, raw streams, and files that were copied from them."""

from av.packet import Packet
from av.video.stream import VideoStream

from .h264_headers import CodedPicture, H264Headers


class FieldPairs:
    """Follows a stream's packets in decode order, and pairs fields as FFmpeg's decoder does."""

    def __init__(self, stream: VideoStream) -> None:
        context = stream.codec_context
        # Other codecs' demuxers give both fields in one packet (MPEG-2), or fields are pictures of their own (HEVC).
        self._headers = H264Headers(context.extradata) if context.codec.canonical_name == "h264" else None
        self._open: CodedPicture | None = None
        """A first field that waits for its second."""

    def is_second(self, packet: Packet) -> bool:
        """Whether the next packet completes the picture that the packet before it began."""
        headers = self._headers
        if headers is None or (headers.frames_only and not headers.in_band):
            return False
        first, picture = self._open, headers.read(memoryview(packet))
        second = first is not None and picture is not None and _are_pair(first, picture)
        self._open = picture if picture is not None and picture.field is not None and not second else None
        return second


def _are_pair(first: CodedPicture, second: CodedPicture) -> bool:
    """Complementary field pairs (ITU-T H.264, clause 3): fields of opposite parity, in consecutive access units, with
    one frame number. Where others refer to the first field, they need not refer to the second."""
    return (
        second.field is not None
        and second.field != first.field
        and second.frame_num == first.frame_num
        and not second.idr
        and (first.reference or not second.reference)
    )
