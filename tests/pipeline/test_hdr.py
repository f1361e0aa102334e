"""HDR10 metadata is parsed as FFmpeg lays it out, and written as the encoders read it."""

import struct
from fractions import Fraction

import pytest
from vidsharp.pipeline.hdr import LightLevel, Mastering, in_decimals, in_integers, parse_light_level, parse_mastering
from vidsharp.pipeline.probe import ClipInfo, probe

from tests.support import media

BT2020 = Mastering(
    red=(Fraction(34000, 50000), Fraction(16000, 50000)),
    green=(Fraction(13250, 50000), Fraction(34500, 50000)),
    blue=(Fraction(7500, 50000), Fraction(3000, 50000)),
    white=(Fraction(15635, 50000), Fraction(16450, 50000)),
    min_luminance=Fraction(1, 10000),
    max_luminance=Fraction(1000),
)


def _raw(display: Mastering, flags: tuple[int, int] = (1, 1)) -> bytes:
    """libavutil/mastering_display_metadata.h: primaries R, G, B, white point, min and max luminance, two flags."""
    values = [*display.red, *display.green, *display.blue, *display.white, display.min_luminance, display.max_luminance]
    return struct.pack("=22i", *(part for v in values for part in (v.numerator, v.denominator)), *flags)


@pytest.fixture(scope="module")
def info(tmp_path_factory: pytest.TempPathFactory) -> ClipInfo:
    clip = media.hdr10(tmp_path_factory.mktemp("clip") / "a.mp4", frames=2, size=(160, 96))
    return probe(clip.path)


def test_a_display_is_parsed() -> None:
    assert parse_mastering(_raw(BT2020)) == BT2020


@pytest.mark.parametrize("flags", [(0, 1), (1, 0), (0, 0)])
def test_half_a_display_is_none(flags: tuple[int, int]) -> None:
    assert parse_mastering(_raw(BT2020, flags)) is None


def test_light_levels_are_parsed() -> None:
    assert parse_light_level(struct.pack("=2I", 1000, 400)) == LightLevel(1000, 400)


def test_a_real_recording_has_what_was_put_into_it(info: ClipInfo) -> None:
    assert (info.mastering, info.light_level) == (BT2020, LightLevel(1000, 400))


def test_each_encoder_family_reads_the_display_in_its_own_numbers() -> None:
    assert in_integers(BT2020) == "G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,1)"
    assert in_decimals(BT2020) == (
        "G(0.26500,0.69000)B(0.15000,0.06000)R(0.68000,0.32000)WP(0.31270,0.32900)L(1000.0000,0.0001)"
    )
