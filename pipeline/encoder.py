"""Which encoder writes the sharpened pictures, with which options: chosen, opened and checked before any work."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import av
from av.codec import Codec, CodecContext
from av.codec.codec import UnknownCodecError
from av.codec.context import Flags
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from .chroma_siting import is_420
from .container_traits import source_traits
from .encoder_parameters import encoder_parameters, encoder_threads
from .errors import EncoderError
from .probe import ClipInfo
from .real_time import no_real_time

ENCODER_OF_CODEC: Mapping[str, str] = {
    "h264": "libx264",
    "hevc": "libx265",
    "vp8": "libvpx",
    "vp9": "libvpx-vp9",
    "av1": "libsvtav1",
    "mpeg4": "mpeg4",
    "mpeg2video": "mpeg2video",
    "mpeg1video": "mpeg1video",
    "mjpeg": "mjpeg",
    "prores": "prores_ks",
    "ffv1": "ffv1",
}
"""Sources in any other codec are written as H.264."""

# Near-transparent quality at a speed that does not starve the student; the user's own options come on top.
_CONSTANT_QUANTISER = {"flags": "+qscale", "global_quality": str(3 * 118)}  # quantiser 3, in units of FF_QP2LAMBDA
_DEFAULTS: Mapping[str, Mapping[str, str]] = {
    "libx264": {"crf": "18", "preset": "veryfast"},
    "libx265": {"crf": "20", "preset": "veryfast"},
    # One packet for each picture: no hidden reference pictures. A speed below zero is one that no clock changes.
    "libvpx": {"crf": "8", "b": "12M", "deadline": "realtime", "cpu-used": "-6", "auto-alt-ref": "0"},
    "libvpx-vp9": {"crf": "24", "b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"},
    "libsvtav1": {"crf": "28", "preset": "9"},
    "mpeg4": _CONSTANT_QUANTISER,
    "mpeg2video": _CONSTANT_QUANTISER,
    "mpeg1video": _CONSTANT_QUANTISER,
    "mjpeg": _CONSTANT_QUANTISER,
}

# ISO/IEC 13818-2 table 6-4: MPEG-1 and MPEG-2 streams can only say these.
_MPEG_RATES = [Fraction(24000, 1001), *map(Fraction, (24, 25)), Fraction(30000, 1001), *map(Fraction, (30, 50)),
               Fraction(60000, 1001), Fraction(60)]  # fmt: skip


_NEEDS_NVENC = (
    "; it needs an NVIDIA GPU that has an encoder (A100 and H100 have none) and its driver, "
    "else choose another with --encoder, e.g. libx264"
)


@dataclass(frozen=True)
class EncoderChoice:
    """What the user asked for; None and empty mean the default."""

    name: str | None = None
    crf: float | None = None
    preset: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


def check_encoder_name(name: str) -> None:
    """Raises EncoderError where FFmpeg, as built here, has no video encoder called `name`."""
    try:
        codec = Codec(name, "w")
    except UnknownCodecError:
        codec = None
    if codec is None or codec.type != "video":
        known = ", ".join(sorted(set(ENCODER_OF_CODEC.values())))
        raise EncoderError(f"there is no video encoder called {name!r}; at hand are {known}")


def encoder_name(choice: EncoderChoice, info: ClipInfo) -> str:
    """The encoder for a recording: the one asked for, or the one of the source's codec."""
    return choice.name or ENCODER_OF_CODEC.get(info.codec, "libx264")


def formats_taken(choice: EncoderChoice, info: ClipInfo) -> list[str]:
    """The pixel formats that a recording's encoder takes; empty where it does not say."""
    return _formats(encoder_name(choice, info))


def _formats(name: str) -> list[str]:
    return [fmt.name for fmt in Codec(name, "w").video_formats or ()]


def check_encoder(choice: EncoderChoice, info: ClipInfo) -> None:
    """Opens the encoder for a recording's pictures and throws it away.

    Raises:
        EncoderError: it does not take the pixel format, the size, or an option.
    """
    with av.open(io.BytesIO(), "w", format=chunk_format(choice, info)) as trial:
        add_encoder(trial, choice, info)


def chunk_format(choice: EncoderChoice, info: ClipInfo) -> str:
    """The container of a chunk's file: NUT keeps any time base, but does not know ProRes."""
    return "matroska" if encoder_name(choice, info).startswith("prores") else "nut"


def add_encoder(container: OutputContainer, choice: EncoderChoice, info: ClipInfo) -> VideoStream:
    """Adds a video stream with an opened encoder to a chunk's file.

    The encoder is given picture numbers for times: rate control sees an even rate, every codec takes it (MPEG-4 knows
    no fine time base), and the true times are put back, exactly, when the clip is joined.

    Nothing that it is told depends on the machine or its load: see `encoder_threads`.

    Raises:
        EncoderError: as `check_encoder`.
    """
    name = encoder_name(choice, info)
    rate = _declared_rate(name, info)
    try:
        stream = container.add_stream(name, rate=rate, time_base=1 / rate)
    except ValueError as error:
        raise EncoderError(
            f"the encoder {name} cannot be used here ({error}); choose another with --encoder"
        ) from error
    assert isinstance(stream, VideoStream)
    _set_up(stream.codec_context, name, choice, info)
    _open(stream.codec_context, name, info)
    return stream


def _set_up(context: VideoCodecContext, name: str, choice: EncoderChoice, info: ClipInfo) -> None:
    taken = _formats(name)
    if taken and info.pix_fmt not in taken:
        raise EncoderError(
            f"{info.path}: the encoder {name} does not take its pixel format {info.pix_fmt}; choose another with "
            "--encoder (libx264, libx265 and ffv1 take most)",
            info.path,
        )
    context.width, context.height, context.pix_fmt = info.width, info.height, info.pix_fmt
    context.thread_count = encoder_threads(name, info)
    context.color_range = info.colour.range
    context.color_primaries = info.colour.primaries
    context.color_trc = info.colour.transfer
    context.colorspace = info.colour.matrix
    if info.sample_aspect_ratio:
        context.sample_aspect_ratio = info.sample_aspect_ratio
    if info.interlaced:
        context.flags |= Flags.interlaced_dct | Flags.interlaced_me
    context.options = _options(name, choice, info)


def _options(name: str, choice: EncoderChoice, info: ClipInfo) -> dict[str, str]:
    options = dict(_DEFAULTS.get(name, {}))
    if not choice.options.keys().isdisjoint(("b", "qp")):
        # A default quality would win over the bitrate or the quantiser asked for.
        options = {key: value for key, value in options.items() if key not in ("crf", *_CONSTANT_QUANTISER)}
    if not source_traits(info.container).reordering:
        options["bf"] = "0"
    if info.chroma_location != "left" and is_420(info.pix_fmt):
        options["chroma_sample_location"] = info.chroma_location
    known = {option.name for option in CodecContext.create(name, "w").supported_options.private}
    if choice.crf is not None:
        # NVENC calls its constant quality `cq`.
        quality = next((option for option in ("crf", "cq") if option in known), None)
        if quality is None:
            raise EncoderError(f"the encoder {name} has no constant rate factor; set its quality with -e, e.g. -e b=4M")
        options[quality] = f"{choice.crf:g}"
    if choice.preset is not None:
        if "preset" not in known:
            raise EncoderError(f"the encoder {name} has no presets; set its speed with -e")
        options["preset"] = choice.preset
    options.update(choice.options)
    if options.get("threads") in ("0", "auto"):
        del options["threads"]  # as many as the machine has cores: other pictures on each
    if name == "libvpx" and options.get("deadline") in ("realtime", "1"):
        # VP8 in real time looks at the clock, unless its speed is below zero: else other pictures each time.
        speed = options.get("speed", options["cpu-used"])
        options["cpu-used"] = f"-{speed.lstrip('+-0') or 1}"
        options.pop("speed", None)
    for key, value in encoder_parameters(name, info).items():
        options[key] = f"{value}:{options[key]}" if key in options else value
    return options


def _declared_rate(name: str, info: ClipInfo) -> Fraction:
    if name in ("mpeg1video", "mpeg2video"):
        return min(_MPEG_RATES, key=lambda rate: abs(rate - info.frame_rate))
    return info.frame_rate.limit_denominator(1001)


def _open(context: VideoCodecContext, name: str, info: ClipInfo) -> None:
    asked = dict(context.options)
    try:
        with no_real_time():
            context.open()
    except (FFmpegError, ValueError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        shown = ", ".join(f"{key}={value}" for key, value in asked.items()) or "no options"
        raise EncoderError(
            f"{info.path}: the encoder {name} refuses its {info.width}x{info.height} {info.pix_fmt} pictures with "
            f"{shown} ({reason}){_NEEDS_NVENC if name.endswith('_nvenc') else ''}",
            info.path,
        ) from error
    # What the encoder did not take is left in `options`.
    unknown = ", ".join(sorted(context.options))
    if unknown:
        raise EncoderError(f"the encoder {name} knows no option {unknown}; see `ffmpeg -h encoder={name}`")
