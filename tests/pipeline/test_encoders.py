"""The table of encoders says what is true of them: FFmpeg is asked."""

import av.codec
import pytest
from vidsharp.pipeline.encoders import (
    ENCODER_OF_CODEC,
    ENCODERS,
    encoder_called,
    encoder_of,
    formats_taken,
    own_options,
)

HERE = [name for name in ENCODERS if name in av.codec.codecs_available]


def test_the_software_encoders_are_all_here() -> None:
    assert set(ENCODER_OF_CODEC.values()) <= set(HERE)


@pytest.mark.parametrize("name", HERE)
def test_an_encoders_facts_hold(name: str) -> None:
    encoder = ENCODERS[name]
    assert encoder.name == name
    assert encoder.rate_factor is None or encoder.rate_factor in own_options(name)
    assert not encoder.quality.keys() & encoder.defaults.keys()
    assert set(encoder.stored.values()) <= set(formats_taken(name))


@pytest.mark.parametrize("name", [name for name in HERE if ENCODERS[name].takes_surfaces])
def test_what_a_gpus_encoder_is_told_is_known_to_ffmpeg_and_leaves_nothing_to_the_time(name: str) -> None:
    encoder = ENCODERS[name]
    told = {**encoder.quality, **encoder.defaults}
    assert told.keys() <= own_options(name) | {"bf", "g"}, "opened on a GPU alone, so it cannot be tried"
    assert (told["rc"], told["rc-lookahead"], told["bf"]) == ("constqp", "0", "0")
    assert {"cuda", "nv12", "p010le"} <= set(formats_taken(name))


@pytest.mark.parametrize("name", ["libx264", "libx265", "mpeg4", "ffv1"])
def test_what_the_table_says_of_constant_quality_is_what_would_be_found_without_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name not in HERE:
        pytest.skip("FFmpeg was built without it")
    said = ENCODERS[name].rate_factor
    monkeypatch.setattr("vidsharp.pipeline.encoders.ENCODERS", {})
    assert encoder_called(name).rate_factor == said


def test_a_codec_has_one_encoder_and_others_have_that_of_h264() -> None:
    codecs = [codec for encoder in ENCODERS.values() for codec in encoder.codecs]
    assert len(codecs) == len(set(codecs)) == len(ENCODER_OF_CODEC)
    assert encoder_of("vp9").name == "libvpx-vp9"
    assert encoder_of("theora").name == "libx264"
