"""The encoder of the sharpened pictures, with its options: resolved, opened and checked before any work."""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import av
from av.codec.context import Flags
from av.container import OutputContainer
from av.error import FFmpegError
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from .chroma_siting import is_420
from .container_traits import source_traits
from .encoder_parameters import threads_for
from .encoder_plan import EncoderPlan
from .encoders import Encoder, Options, encoder_called, encoder_of, formats_taken, own_options
from .errors import EncoderError
from .probe import ClipInfo
from .real_time import no_real_time


@dataclass(frozen=True)
class EncoderChoice:
    """What the user asked for; None and empty mean the default."""

    name: str | None = None
    crf: float | None = None
    preset: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)
    on_gpu: tuple[str, ...] = ()
    """Encoders of the run's GPU, by name, which go before those of the CPU where nothing else is said here."""


def encoder_name(choice: EncoderChoice, info: ClipInfo) -> str:
    """The encoder for a recording: the one asked for, or the one of the source's codec."""
    return choice.name or encoder_of(info.codec).name


def resolve_encoder(choice: EncoderChoice, info: ClipInfo) -> EncoderPlan:
    """The encoder for a clip with all that it is told. It is the same on every machine, whatever its load.

    Raises:
        EncoderError: it has no constant rate factor, or no presets, and one was asked for.
    """
    encoder = encoder_called(encoder_name(choice, info))
    threads = encoder.threads or threads_for(info)
    return EncoderPlan(
        name=encoder.name,
        options=_options(encoder, choice, info, threads),
        threads=threads,
        rate=_declared_rate(encoder, info.frame_rate),
        chunk_format=encoder.chunk_format,
    )


ON_GPU = "cuda"
"""FFmpeg's pixel format of pictures on an NVIDIA GPU, whatever is in them."""
_OTHER_QUALITIES = ("b", "qp", "cq", "rc", "global_quality")


def _options(encoder: Encoder, choice: EncoderChoice, info: ClipInfo, threads: int) -> Options:
    # A default quality would win over the bitrate or the quantiser asked for.
    quality = encoder.quality if choice.options.keys().isdisjoint(_OTHER_QUALITIES) else {}
    options = {**quality, **encoder.defaults}
    if not source_traits(info.container).reordering:
        options["bf"] = "0"
    if info.chroma_location != "left" and is_420(info.pix_fmt):
        options["chroma_sample_location"] = info.chroma_location
    if choice.crf is not None:
        if encoder.rate_factor is None:
            raise EncoderError(
                f"the encoder {encoder.name} has no constant rate factor; set its quality with -e, e.g. -e b=4M"
            )
        options[encoder.rate_factor] = f"{choice.crf:g}"
    if choice.preset is not None:
        if "preset" not in own_options(encoder.name):
            raise EncoderError(f"the encoder {encoder.name} has no presets; set its speed with -e")
        options["preset"] = choice.preset
    options.update(choice.options)
    if options.get("threads") in ("0", "auto"):
        del options["threads"]  # as many as the machine has cores: other pictures on each
    return _with_parameters(encoder.reproducible(options), encoder.parameters(info, threads))


def _with_parameters(options: Options, parameters: Options) -> Options:
    """The options with parameters before those that are there: of two that contradict, encoders take the later."""
    joined = {name: f"{text}:{options[name]}" if name in options else text for name, text in parameters.items()}
    return {**options, **joined}


def _declared_rate(encoder: Encoder, rate: Fraction) -> Fraction:
    if encoder.rates:
        return min(encoder.rates, key=lambda known: abs(known - rate))
    return rate.limit_denominator(1001)


def check_encoder(plan: EncoderPlan, info: ClipInfo) -> None:
    """Opens the encoder for a clip's pictures and throws it away.

    Raises:
        EncoderError: it does not take the pixel format, the size, or an option.
    """
    with av.open(io.BytesIO(), "w", format=plan.chunk_format) as trial:
        add_encoder(trial, plan, info)


def options_here(plan: EncoderPlan) -> Options:
    """The options that the encoder is given on this machine, which must not show in what it writes."""
    return _with_parameters(plan.options, encoder_called(plan.name).here())


def add_encoder(
    container: OutputContainer, plan: EncoderPlan, info: ClipInfo, *, surfaces: bool = False
) -> VideoStream:
    """Adds a video stream with an opened encoder to a chunk's file.

    The encoder is given picture numbers for times: rate control sees an even rate, every codec takes it (MPEG-4 knows
    no fine time base), and the true times are put back, exactly, when the clip is joined.

    Args:
        surfaces: pictures come as surfaces on a GPU. The encoder then opens with the first one, whose context it needs:
            whether it does was seen when the clip was planned.

    Raises:
        EncoderError: as `check_encoder`.
    """
    try:
        stream = container.add_stream(plan.name, rate=plan.rate, time_base=plan.time_base)
    except ValueError as error:
        raise EncoderError(
            f"the encoder {plan.name} cannot be used here ({error}); choose another with --encoder"
        ) from error
    assert isinstance(stream, VideoStream)
    _set_up(stream.codec_context, plan, info)
    if surfaces:
        stream.codec_context.pix_fmt = ON_GPU
    else:
        _open(stream.codec_context, plan, info)
    return stream


def _set_up(context: VideoCodecContext, plan: EncoderPlan, info: ClipInfo) -> None:
    taken = formats_taken(plan.name)
    if taken and info.pix_fmt not in taken:
        raise EncoderError(
            f"{info.path}: the encoder {plan.name} does not take its pixel format {info.pix_fmt}; choose another with "
            "--encoder (libx264, libx265 and ffv1 take most)",
            info.path,
        )
    context.width, context.height = info.width, info.height
    context.pix_fmt = encoder_called(plan.name).stored.get(info.pix_fmt, info.pix_fmt)
    context.thread_count = plan.threads
    context.color_range = info.colour.range
    context.color_primaries = info.colour.primaries
    context.color_trc = info.colour.transfer
    context.colorspace = info.colour.matrix
    if info.sample_aspect_ratio:
        context.sample_aspect_ratio = info.sample_aspect_ratio
    if info.interlaced:
        context.flags |= Flags.interlaced_dct | Flags.interlaced_me
    context.options = dict(options_here(plan))


def _open(context: VideoCodecContext, plan: EncoderPlan, info: ClipInfo) -> None:
    try:
        with no_real_time():
            context.open()
    except (FFmpegError, ValueError, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        shown = ", ".join(f"{key}={value}" for key, value in plan.options.items()) or "no options"
        raise EncoderError(
            f"{info.path}: the encoder {plan.name} refuses its {info.width}x{info.height} {info.pix_fmt} pictures with "
            f"{shown} ({reason}){encoder_called(plan.name).needs}",
            info.path,
        ) from error
    # What the encoder did not take is left in `options`.
    unknown = ", ".join(sorted(context.options))
    if unknown:
        raise EncoderError(f"the encoder {plan.name} knows no option {unknown}; see `ffmpeg -h encoder={plan.name}`")
