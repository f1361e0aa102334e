"""Chroma stays where it lies; where the new stream cannot say so, the clip does."""

from pathlib import Path
from typing import Any

import pytest
from vidsharp.pipeline.encoder import EncoderChoice
from vidsharp.pipeline.probe import probe

from tests.support import media
from tests.support.media_siting import sited, siting_of
from tests.support.whole_way import LOSSLESS, pass_through

SMALL: dict[str, Any] = {"size": (160, 96), "frames": 6}
X265 = EncoderChoice("libx265", preset="ultrafast")


@pytest.mark.parametrize("siting", ["left", "center", "topleft", "top"])
@pytest.mark.parametrize(
    ("name", "codec", "encoder"),
    [
        ("a.mp4", "libx264", LOSSLESS),
        ("a.ts", "libx264", X265),
        ("a.mkv", "libx265", X265),
        ("b.mp4", "libx265", EncoderChoice()),
        ("a.mov", "libx264", EncoderChoice()),
    ],
)
def test_it_is_kept(name: str, codec: str, encoder: EncoderChoice, siting: str, tmp_path: Path) -> None:
    clip = sited(tmp_path / name, siting=siting, codec=codec, **SMALL)
    assert siting_of(clip.path) == siting
    passage = pass_through(clip.path, tmp_path, encoder)
    assert siting_of(passage.out) == siting
    assert passage.mux.notes == ()


@pytest.mark.parametrize("siting", ["left", "topleft"])
def test_av1_says_it_too(siting: str, tmp_path: Path) -> None:
    clip = sited(tmp_path / "a.mkv", siting=siting, codec="libsvtav1", **SMALL)
    assert siting_of(pass_through(clip.path, tmp_path, EncoderChoice()).out) == siting


def test_jpeg_pictures_written_as_h264_stay_centred(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.avi", codec="mjpeg", pix_fmt="yuvj420p", audio=0, **SMALL)
    passage = pass_through(clip.path, tmp_path)
    assert siting_of(passage.out) == "center"
    assert passage.mux.notes == ()


def test_a_codec_that_cannot_say_it_loses_it_with_a_note(tmp_path: Path) -> None:
    clip = sited(tmp_path / "a.mkv", siting="topleft", **SMALL)
    passage = pass_through(clip.path, tmp_path, EncoderChoice("ffv1"))
    assert passage.mux.notes == ("its chroma lies on the top left luma samples, which the new stream does not say",)


@pytest.mark.parametrize("pix_fmt", ["yuv422p", "yuv444p", "gray"])
def test_other_formats_have_nothing_to_say(pix_fmt: str, tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mkv", pix_fmt=pix_fmt, audio=0, **SMALL)
    assert pass_through(clip.path, tmp_path).mux.notes == ()


def test_what_a_stream_does_not_say_is_its_codecs_own(tmp_path: Path) -> None:
    clip = media.call(tmp_path / "a.mkv", codec="libsvtav1", audio=0, **SMALL)
    assert siting_of(clip.path) == "unspecified"
    assert probe(clip.path).chroma_location == "left"
