"""The sizes and pixel formats of a stream's pictures: found in packets' headers, with few pictures decoded.

The size that a clip is written in must hold them all, and be known before its first chunk is encoded.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import cast

from av.codec import CodecContext
from av.error import FFmpegError
from av.packet import Packet
from av.video.codeccontext import VideoCodecContext

from .canvas import on_canvas
from .encoder import EncoderChoice, check_encoder, encoder_name, resolve_encoder
from .encoder_plan import EncoderPlan
from .encoders import formats_taken
from .errors import EncoderError
from .gpu_encode import encoder_on_gpu
from .limits import MOST_PIXELS, decoder_options
from .packet_headers import is_exact, size_header
from .plan import PacketTiming
from .probe import ClipInfo, Shape
from .timeline import read_timeline
from .vp9_header import Vp9Headers

MOST_LOOKS = 1000
"""Keyframes decoded because of a new header. No recording of a call has nearly as many sizes."""

MOST_GUESSES = 100
"""Keyframes decoded where it is not known which of their bytes say the size."""

TRIES = 3
"""Packets of one header that may fail to decode before it is given up."""


def read_through(
    info: ClipInfo, choice: EncoderChoice, on_packet: Callable[[], None] = lambda: None
) -> tuple[ClipInfo, EncoderPlan, list[PacketTiming]]:
    """Reads all of a recording's video packets, once.

    Args:
        info: as `probe` gave it.
        on_packet: called for each.

    Returns:
        The facts of a clip that holds every picture, its encoder, and the timeline.

    Raises:
        MediaError: as `read_timeline`.
        EncoderError: as `holding_all`.
    """
    survey = Survey(info)

    def see(packet: Packet) -> None:
        on_packet()
        survey.see(packet)

    timeline = read_timeline(info, see)
    return *holding_all(info, survey.shapes, choice), timeline


def holding_all(
    info: ClipInfo, shapes: Sequence[Shape], choice: EncoderChoice, resolved: EncoderPlan | None = None
) -> tuple[ClipInfo, EncoderPlan]:
    """The facts of a clip that holds pictures of all `shapes`, or of its first picture where no encoder writes that;
    and its encoder: of the GPU where there is one that opens, else of the CPU.

    Args:
        resolved: the encoder, where the clip's plan has it.

    Raises:
        EncoderError: the encoder does not take the first picture either.
    """
    on_gpu = None if resolved else encoder_on_gpu(choice, info)
    if on_gpu is not None:
        with suppress(EncoderError):
            return _holding_all(info, shapes, replace(choice, name=on_gpu), None)
    return _holding_all(info, shapes, choice, resolved)


def _holding_all(
    info: ClipInfo, shapes: Sequence[Shape], choice: EncoderChoice, resolved: EncoderPlan | None
) -> tuple[ClipInfo, EncoderPlan]:
    held = on_canvas(info, shapes, formats_taken(resolved.name if resolved else encoder_name(choice, info)))
    try:
        return held, _opened(held, choice, resolved)
    except EncoderError:
        if held is info:
            raise
        return replace(info, shapes=held.shapes), _opened(info, choice, resolved)


def _opened(info: ClipInfo, choice: EncoderChoice, resolved: EncoderPlan | None) -> EncoderPlan:
    plan = resolved or resolve_encoder(choice, info)
    check_encoder(plan, info)
    return plan


class Survey:
    """Sees each packet of a stream, in decode order, and decodes those keyframes whose headers say something new.

    A picture counts only if it decodes well: damage must not make a canvas of its own.
    """

    def __init__(self, info: ClipInfo) -> None:
        self._info = info
        self._found = {Shape.of(info): None}
        self._known: set[bytes] = set()
        self._tries: dict[bytes, int] = {}
        self._looks_left = MOST_LOOKS if is_exact(info.codec) else MOST_GUESSES
        self._vp9 = Vp9Headers() if info.codec == "vp9" else None
        self._first_aspect: object = None

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """All that were found, the first picture's first."""
        return tuple(self._found)

    def see(self, packet: Packet) -> None:
        """Takes the stream's next packet."""
        if not packet.size or self._looks_left <= 0:
            return
        context = cast(VideoCodecContext, packet.stream.codec_context)
        if self._vp9 is not None:
            self._see_vp9(packet, context)
            return
        if context.codec.intra_only and not is_exact(self._info.codec):
            return  # such a codec's size is its container's, and all of its packets are keyframes
        extradata = _new_extradata(packet)
        header = size_header(
            self._info.codec, bytes(packet), extradata or context.extradata or b"", keyframe=packet.is_keyframe
        )
        if header is None and not extradata:
            return
        self._look(packet, context, extradata + (header or b""))

    def _see_vp9(self, packet: Packet, context: VideoCodecContext) -> None:
        assert self._vp9 is not None
        aspect = self._info.sample_aspect_ratio
        for picture in self._vp9.pictures(bytes(packet)):
            shape = Shape.made(picture.width, picture.height, picture.pix_fmt, aspect)
            if shape in self._found or picture.width * picture.height > MOST_PIXELS:
                continue
            if picture.keyframe:
                self._look(packet, context, repr(shape).encode())
            else:  # it does not decode alone
                self._found[shape] = None

    def _look(self, packet: Packet, context: VideoCodecContext, header: bytes) -> None:
        """Decodes a packet alone, unless its header is known."""
        if header in self._known:
            return
        self._looks_left -= 1
        shapes = self._decoded(packet, context)
        tries = self._tries[header] = self._tries.get(header, 0) + 1
        if shapes or tries >= TRIES:
            self._known.add(header)
        self._found.update(dict.fromkeys(shapes))

    def _decoded(self, packet: Packet, context: VideoCodecContext) -> list[Shape]:
        decoder = cast(VideoCodecContext, CodecContext.create(context.codec.name, "r"))
        decoder.extradata = context.extradata
        decoder.thread_count = 1
        decoder.options = decoder_options()
        frames = []
        for part in (packet, None):
            try:
                frames += decoder.decode(part)
            except (FFmpegError, ValueError):
                return []
        if self._first_aspect is None:
            self._first_aspect = decoder.sample_aspect_ratio or 1
        changed = (decoder.sample_aspect_ratio or 1) != self._first_aspect
        # What the container says of pixels' shape goes before what the first pictures say.
        aspect = decoder.sample_aspect_ratio if changed else self._info.sample_aspect_ratio
        return [
            Shape.made(frame.width, frame.height, frame.format.name, aspect) for frame in frames if not frame.is_corrupt
        ]


def _new_extradata(packet: Packet) -> bytes:
    """A stream's new header, as MP4 with several sample descriptions and FLV announce it."""
    return bytes(packet.get_sidedata("new_extradata")) if packet.has_sidedata("new_extradata") else b""
