"""The encoders of a call, each for one thread and with settings that do not depend on the machine's load."""

import logging
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from av.codec.codec import Codec, UnknownCodecError

_LOG = logging.getLogger(__name__)
os.environ.setdefault("SVT_LOG", "0")  # else SVT-AV1 writes to stderr by itself; its errors come back as codes, too


@dataclass(frozen=True)
class Encoder:
    """An encoder of FFmpeg as real-time services set it, and the decoder of its packets."""

    codec: str
    """FFmpeg's name of the encoder."""
    decoder: str
    live: Mapping[str, str]
    """Options on the line: no look-ahead, no B-frames, one thread."""
    recording: Mapping[str, str]
    """Options of a recorder."""
    speed_option: str
    speeds: tuple[str, ...]
    paced: bool = True
    """Its rate control follows the pictures' times: one that stands longer gets more bits. Else a new rate needs a new
    encoder.
    """
    conceals: bool = True
    """Its decoder goes on after lost packets, as receivers do."""
    bits: float = 1.0
    """Bits that it needs for what takes H.264 one bit."""
    odd_sides: bool = False
    """It takes 4:2:0 pictures of odd sides."""
    smallest: int = 16
    """Least side of a picture, in pixels."""
    held_out: bool = False
    """Never trained on."""
    quality: tuple[int, int] | None = None
    """Range of crf as a recorder; None: it is not used as one."""


_X264 = {"tune": "zerolatency", "bf": "0", "threads": "1", "forced-idr": "1"}
_VPX = {"deadline": "realtime", "lag-in-frames": "0", "threads": "1", "error-resilient": "1"}
_X265 = "pools=none:frame-threads=1:no-wpp=1:bframes=0:log-level=error"
_X264_SPEEDS = ("ultrafast", "superfast", "veryfast")

NEVER = 9999
"""Pictures between keyframes that nobody asked for."""

ENCODERS: Mapping[str, Encoder] = {
    "h264": Encoder(
        "libx264",
        "h264",
        {**_X264, "x264-params": "force-cfr=0:deblock=0,0"},
        {"preset": "veryfast", **_X264},
        "preset",
        _X264_SPEEDS,
        quality=(18, 26),
    ),
    "h264-unfiltered": Encoder(
        "libx264", "h264", {**_X264, "x264-params": "force-cfr=0:no-deblock=1"}, {}, "preset", _X264_SPEEDS, bits=1.1
    ),
    "vp8": Encoder(
        "libvpx",
        "vp8",
        _VPX,
        # Its constant quality is kept within the rate, which is 256 kbit/s where none is given.
        {**_VPX, "cpu-used": "-6", "b": "20000000"},
        "cpu-used",
        ("-4", "-6", "-8"),
        odd_sides=True,
        bits=0.9,
        quality=(16, 40),
    ),
    "vp9": Encoder(
        "libvpx-vp9",
        "vp9",
        _VPX,
        {**_VPX, "cpu-used": "7", "row-mt": "0"},
        "cpu-used",
        ("5", "7", "8"),
        odd_sides=True,
        bits=0.6,
        held_out=True,
        quality=(24, 40),
    ),
    "av1": Encoder(
        "libsvtav1",
        "libdav1d",
        {"svtav1-params": "lp=1:pred-struct=1:rc=2:lookahead=0:scd=0:rtc=1:enable-force-key-frames=1"},
        {},
        "preset",
        ("10", "11"),
        paced=False,
        conceals=False,
        bits=0.55,
        smallest=64,
    ),
    "hevc": Encoder(
        "libx265",
        "hevc",
        {"tune": "zerolatency", "forced-idr": "1"},
        {},
        "preset",
        ("ultrafast", "superfast"),
        paced=False,
        conceals=False,
        bits=0.75,
        smallest=32,
    ),
}
"""By the names that parameters have."""


def live_options(encoder: Encoder, bit_rate: int, speed: str, keyframe_interval: int | None) -> dict[str, str]:
    """Options of a live call that holds a rate within a second.

    Args:
        bit_rate: bits per second.
        keyframe_interval: pictures between keyframes; None: only where one is asked for.
    """
    interval, kilobits = keyframe_interval or NEVER, max(bit_rate // 1000, 1)
    options = {**encoder.live, encoder.speed_option: speed, "g": str(interval)}
    if encoder.codec in ("libx264", "libvpx", "libvpx-vp9"):
        options |= {"maxrate": str(bit_rate), "bufsize": str(bit_rate)}
        if encoder.codec != "libx264":
            options |= {"minrate": str(bit_rate)}
    if encoder.codec == "libx265":
        options["x265-params"] = f"{_X265}:vbv-maxrate={kilobits}:vbv-bufsize={kilobits}:keyint={interval}"
    return options


def recording_options(encoder: Encoder, quality: int) -> dict[str, str]:
    """Options of a recorder that holds a quality."""
    return {**encoder.recording, "crf": str(quality), "g": "250"}


@cache
def missing_encoders() -> frozenset[str]:
    """The encoders of `ENCODERS` that this build of FFmpeg lacks, or whose pictures it cannot decode; said once."""
    missing = frozenset(name for name, encoder in ENCODERS.items() if not _is_here(encoder))
    for name in sorted(missing):
        _LOG.warning(
            "No calls are simulated with %s: this build of FFmpeg lacks %s or its decoder %s.",
            name,
            ENCODERS[name].codec,
            ENCODERS[name].decoder,
        )
    return missing


def here(names: Iterable[str]) -> list[str]:
    """Those of some encoders that this build has."""
    return [name for name in names if name not in missing_encoders()]


def _is_here(encoder: Encoder) -> bool:
    try:
        Codec(encoder.codec, "w")
        Codec(encoder.decoder, "r")
    except UnknownCodecError:
        return False
    return True
