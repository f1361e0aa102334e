"""HDR10+ messages stay with their pictures; where the new codec cannot hold them, the clip says so."""

from pathlib import Path
from typing import Any

import pytest
from vidsharp.pipeline.encoder import EncoderChoice

from tests.support import media
from tests.support.media_hdr10plus import hdr10_plus, hdr10_plus_of
from tests.support.whole_way import FFV1, pass_through, stub

SMALL: dict[str, Any] = {"size": (160, 96), "frames": 24, "gop": 8}
X265 = EncoderChoice("libx265", preset="ultrafast")
LEFT_OUT = "HDR10+ metadata left out: the encoder cannot write it"


@pytest.mark.parametrize("bframes", [0, 2])
@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.mov", "a.ts"])
def test_each_picture_keeps_its_message(name: str, bframes: int, tmp_path: Path) -> None:
    clip = hdr10_plus(tmp_path / name, bframes=bframes, **SMALL)
    wanted = hdr10_plus_of(clip.path)
    assert len({*wanted}) == 24, "each picture has one of its own"
    passage = pass_through(clip.path, tmp_path, X265, stub(), seconds=0.2)
    assert len(passage.chunks) > 1
    assert hdr10_plus_of(passage.out) == wanted
    assert passage.mux.notes == ()
    assert media.frame_indices(passage.out) != [], "it decodes"


@pytest.mark.parametrize("encoder", [EncoderChoice("libx264", preset="ultrafast"), EncoderChoice("libsvtav1")])
def test_another_codec_loses_them_with_a_note(encoder: EncoderChoice, tmp_path: Path) -> None:
    clip = hdr10_plus(tmp_path / "a.mkv", **SMALL)
    passage = pass_through(clip.path, tmp_path, encoder)
    assert set(hdr10_plus_of(passage.out)) == {None}
    assert passage.mux.notes == (LEFT_OUT,)


def test_both_kinds_of_hdr_may_be_lost(tmp_path: Path) -> None:
    clip = hdr10_plus(tmp_path / "a.mkv", **SMALL)
    notes = pass_through(clip.path, tmp_path, FFV1).mux.notes
    assert LEFT_OUT in notes
    assert "HDR10 metadata left out: the encoder cannot write it" in notes
