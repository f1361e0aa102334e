"""Encoders' scales of quality, from good to bad."""

from dataclasses import replace
from pathlib import Path

import av
import pytest
from vidsharp.pipeline.encoder import EncoderChoice, add_encoder, check_encoder, resolve_encoder
from vidsharp.pipeline.encoders import ENCODER_OF_CODEC
from vidsharp.pipeline.errors import EncoderError
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.quality_scale import quality_scale

from tests.support import media

WITHOUT = {"ffv1"}


@pytest.mark.parametrize("encoder", sorted({*ENCODER_OF_CODEC.values()} - WITHOUT))
def test_every_encoder_that_is_used_unasked_takes_all_of_its_scale(encoder: str, tmp_path: Path) -> None:
    pix_fmt = {"prores_ks": "yuv422p10le", "mjpeg": "yuvj420p"}.get(encoder, "yuv420p")
    info = replace(probe(media.call(tmp_path / "a.mp4", size=(64, 64), frames=3).path), pix_fmt=pix_fmt)
    scale, plan = quality_scale(encoder), resolve_encoder(EncoderChoice(encoder), info)
    for place in (0, scale.last // 2, scale.last):
        at = scale.at(plan, place)
        check_encoder(at, info)
        assert scale.place_in(at) == place
    assert 0 < scale.place_in(plan) < scale.last


@pytest.mark.parametrize("encoder", sorted(WITHOUT))
def test_one_without_a_scale_is_a_sentence(encoder: str) -> None:
    with pytest.raises(EncoderError, match=f"the encoder {encoder} has no quality to choose from"):
        quality_scale(encoder)


def test_vp8_goes_on_where_its_rate_factor_no_longer_makes_files_smaller(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mp4", size=(320, 240), frames=24).path
    info, scale = probe(clip), quality_scale("libvpx")
    with av.open(str(clip)) as source:
        frames = list(source.decode(video=0))
    sizes = []
    for value in (8, 60, 88, 116):
        plan = scale.at(resolve_encoder(EncoderChoice("libvpx"), info), scale.place(value))
        with av.open(str(tmp_path / "a.webm"), "w") as out:
            stream = add_encoder(out, plan, info)
            sizes.append(sum(packet.size for frame in [*frames, None] for packet in stream.encode(frame)))
    assert sizes == sorted(sizes, reverse=True)
    assert sizes[3] < sizes[1] / 2
    assert [scale.words(scale.place(value)) for value in (60, 88)] == ["crf 60", "crf 60 with qmin 32"]
