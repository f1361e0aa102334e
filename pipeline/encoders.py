"""Encoders' own facts, in one table: their defaults, and where one is unlike the others. Another encoder is a line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

from av.codec import Codec, CodecContext
from av.codec.codec import UnknownCodecError

from .encoder_parameters import svtav1_parameters, x264_here, x264_parameters, x265_parameters
from .errors import EncoderError
from .probe import ClipInfo

Options = Mapping[str, str]


@dataclass(frozen=True)
class Encoder:
    """An encoder of FFmpeg's; the defaults are what most of them are like."""

    name: str
    codecs: tuple[str, ...] = ()
    """Codecs of recordings, in FFmpeg's names, that it writes where no encoder is asked for."""
    on_gpu_codecs: tuple[str, ...] = ()
    """Of an encoder on a GPU: those that it writes where a run uses its GPU's codecs, and no encoder is asked for."""
    stored: Options = field(default_factory=dict)
    """Pixel formats that it takes as others, of the same codes."""
    quality: Options = field(default_factory=dict)
    """Default options of constant quality, which give way to a bitrate or a quantiser that is asked for."""
    defaults: Options = field(default_factory=dict)
    """All other default options; the user's own come on top."""
    rate_factor: str | None = None
    """The option that `--crf` sets; None: it knows no constant quality of that kind."""
    rates: tuple[Fraction, ...] = ()
    """The frame rates that its streams can declare; empty: any."""
    threads: int | None = None
    """How many it has whatever the size of pictures; None: by their size."""
    chunk_format: str = "nut"
    """The container of its chunks. NUT keeps any time base."""
    parameters: Callable[[ClipInfo, int], Options] = lambda info, threads: {}
    """Options in its own language, for a recording and a number of threads: lists of `key=value` joined with colons."""
    reproducible: Callable[[Options], Options] = lambda options: options
    """Makes options give the same bytes each time."""
    here: Callable[[], Options] = dict
    """What it has to be told on this very machine, in its own language, to give the bytes that it gives elsewhere."""
    marks_each_picture: bool = False
    """Whether it says of each picture whether it is interlaced; the others say one thing of the whole stream."""
    needs: str = ""
    """What it needs of the machine: the end of the sentence that says that it does not open."""

    @property
    def takes_surfaces(self) -> bool:
        """Whether it takes pictures where they lie on a GPU."""
        return bool(self.on_gpu_codecs)


def _vp8_without_a_clock(options: Options) -> Options:
    """VP8 in real time looks at the clock, and makes other pictures each time, unless its speed is below zero."""
    if options.get("deadline") not in ("realtime", "1"):
        return options
    speed = options.get("speed", options["cpu-used"])
    kept = {name: value for name, value in options.items() if name != "speed"}
    return {**kept, "cpu-used": f"-{speed.lstrip('+-0') or 1}"}


# ISO/IEC 13818-2 table 6-4: MPEG-1 and MPEG-2 streams can only say these.
_MPEG_RATES = (Fraction(24000, 1001), *map(Fraction, (24, 25)), Fraction(30000, 1001), *map(Fraction, (30, 50)),
               Fraction(60000, 1001), Fraction(60))  # fmt: skip

# Near-transparent quality at a speed that does not starve the student.
_MPEG4 = Encoder(
    "mpeg4",
    ("mpeg4",),
    # Not a fixed `qscale`: pictures decoded from these codecs bring their own along, and it would win.
    quality={"qmin": "3", "qmax": "3"},
)
_PRORES = Encoder("prores_ks", ("prores",), chunk_format="matroska")  # NUT does not know the codec
# What a picture becomes depends on the pictures before it and on nothing else: one quantiser and no rate control, which
# looks at the time; nothing looked at beforehand; and no pictures out of order.
_NVENC = Encoder(
    "h264_nvenc",
    on_gpu_codecs=("h264",),
    quality={"rc": "constqp", "qp": "19"},
    defaults={
        **{"preset": "p5", "tune": "hq", "multipass": "disabled", "rc-lookahead": "0", "bf": "0", "g": "250"},
        **{"spatial-aq": "0", "temporal-aq": "0", "b_ref_mode": "disabled", "forced-idr": "1"},
    },
    rate_factor="qp",
    needs="; it needs an NVIDIA GPU that has an encoder (A100 and H100 have none) and its driver, "
    "else choose another with --encoder, e.g. libx264",
)

_QP_21, _QP_80 = ({"rc": "constqp", "qp": qp} for qp in ("21", "80"))  # AV1 counts to 255
_TEN_BITS = {"yuv420p10le": "p010le"}

ENCODERS: Mapping[str, Encoder] = {
    encoder.name: encoder
    for encoder in (
        Encoder(
            "libx264",
            ("h264",),
            quality={"crf": "18"},
            defaults={"preset": "veryfast"},
            rate_factor="crf",
            parameters=x264_parameters,
            here=x264_here,
        ),
        Encoder(
            "libx265",
            ("hevc",),
            quality={"crf": "20"},
            defaults={"preset": "veryfast"},
            rate_factor="crf",
            parameters=x265_parameters,
        ),
        Encoder(
            "libvpx",
            ("vp8",),
            quality={"crf": "8"},
            # One packet for each picture: no hidden reference pictures.
            defaults={"b": "12M", "deadline": "realtime", "cpu-used": "-6", "auto-alt-ref": "0"},
            rate_factor="crf",
            threads=1,  # with more, they wait for each other in loops: five times the work where cores are shared
            reproducible=_vp8_without_a_clock,
        ),
        Encoder(
            "libvpx-vp9",
            ("vp9",),
            quality={"crf": "24"},
            defaults={"b": "0", "deadline": "realtime", "cpu-used": "6", "row-mt": "1"},
            rate_factor="crf",
        ),
        Encoder(
            "libsvtav1",
            ("av1",),
            quality={"crf": "28"},
            defaults={"preset": "9"},
            rate_factor="crf",
            parameters=svtav1_parameters,
        ),
        _MPEG4,
        replace(_MPEG4, name="mpeg2video", codecs=("mpeg2video",), rates=_MPEG_RATES),
        replace(_MPEG4, name="mpeg1video", codecs=("mpeg1video",), rates=_MPEG_RATES),
        replace(_MPEG4, name="mjpeg", codecs=("mjpeg",)),
        _PRORES,
        *(replace(_PRORES, name=name, codecs=()) for name in ("prores", "prores_aw", "prores_videotoolbox")),
        Encoder("ffv1", ("ffv1",), marks_each_picture=True),
        _NVENC,
        replace(_NVENC, name="hevc_nvenc", on_gpu_codecs=("hevc",), quality=_QP_21, stored=_TEN_BITS),
        replace(_NVENC, name="av1_nvenc", on_gpu_codecs=("av1",), quality=_QP_80, stored=_TEN_BITS),
    )
}
"""The encoders that are used without being asked for, and others that are unlike the rest."""

ENCODER_OF_CODEC: Mapping[str, str] = {codec: encoder.name for encoder in ENCODERS.values() for codec in encoder.codecs}
"""The encoder of each codec that recordings are written in again."""


ON_GPU_OF_CODEC: Mapping[str, str] = {
    codec: encoder.name for encoder in ENCODERS.values() for codec in encoder.on_gpu_codecs
}
"""The encoder of each codec where a GPU encodes."""


def encoder_of(codec: str) -> Encoder:
    """The encoder of a recording's own codec; that of H.264 where there is none."""
    return ENCODERS[ENCODER_OF_CODEC.get(codec, "libx264")]


def encoder_called(name: str) -> Encoder:
    """An encoder's facts: the table's, or what FFmpeg knows of one that does not stand there."""
    known = ENCODERS.get(name)
    if known is not None:
        return known
    options = own_options(name)
    return Encoder(name, rate_factor=next((option for option in ("crf", "cq") if option in options), None))


def own_options(name: str) -> frozenset[str]:
    """The options that an encoder has beside those of all encoders."""
    return frozenset(option.name for option in CodecContext.create(name, "w").supported_options.private)


def formats_taken(name: str) -> list[str]:
    """The pixel formats that an encoder takes; empty where it does not say."""
    own = [fmt.name for fmt in Codec(name, "w").video_formats or ()]
    return [*own, *encoder_called(name).stored] if own else []


def check_encoder_name(name: str) -> None:
    """Raises EncoderError where FFmpeg, as built here, has no video encoder called `name`."""
    try:
        codec = Codec(name, "w")
    except UnknownCodecError:
        codec = None
    if codec is None or codec.type != "video":
        known = ", ".join(sorted(ENCODER_OF_CODEC.values()))
        raise EncoderError(f"there is no video encoder called {name!r}; at hand are {known}")
