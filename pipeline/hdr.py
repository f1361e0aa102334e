"""HDR10 static metadata: read from a picture's side data, written as the encoders take it.

SMPTE ST 2086 (mastering display) and CTA-861.3 (content light level). H.264, HEVC and AV1 carry both in the stream.
"""

import struct
from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class Mastering:
    """The display that the pictures were mastered on. Chromaticities are CIE 1931 x, y; luminance is in cd/m²."""

    red: tuple[Fraction, Fraction]
    green: tuple[Fraction, Fraction]
    blue: tuple[Fraction, Fraction]
    white: tuple[Fraction, Fraction]
    min_luminance: Fraction
    max_luminance: Fraction


@dataclass(frozen=True)
class LightLevel:
    """The brightest pixel, and the brightest picture on average, in cd/m²."""

    max_content: int
    max_frame_average: int


def parse_mastering(raw: bytes) -> Mastering | None:
    """FFmpeg's AVMasteringDisplayMetadata: ten rationals and two flags, of which both must be set."""
    numbers = struct.unpack_from("=22i", raw)
    if not (numbers[20] and numbers[21]):
        return None
    values = [Fraction(n, d or 1) for n, d in zip(numbers[0:20:2], numbers[1:20:2], strict=True)]
    pairs = list(zip(values[0:8:2], values[1:8:2], strict=True))
    return Mastering(*pairs, min_luminance=values[8], max_luminance=values[9])


def parse_light_level(raw: bytes) -> LightLevel:
    """FFmpeg's AVContentLightMetadata: MaxCLL and MaxFALL."""
    return LightLevel(*struct.unpack_from("=2I", raw))


def in_integers(display: Mastering) -> str:
    """As x264 and x265 take it: chromaticity in steps of 0.00002, luminance in steps of 0.0001 cd/m²."""
    parts = [("G", display.green), ("B", display.blue), ("R", display.red), ("WP", display.white)]
    text = "".join(f"{label}({round(x * 50000)},{round(y * 50000)})" for label, (x, y) in parts)
    return f"{text}L({round(display.max_luminance * 10000)},{round(display.min_luminance * 10000)})"


def in_decimals(display: Mastering) -> str:
    """As SVT-AV1 takes it."""
    parts = [("G", display.green), ("B", display.blue), ("R", display.red), ("WP", display.white)]
    text = "".join(f"{label}({float(x):.5f},{float(y):.5f})" for label, (x, y) in parts)
    return f"{text}L({float(display.max_luminance):.4f},{float(display.min_luminance):.4f})"
