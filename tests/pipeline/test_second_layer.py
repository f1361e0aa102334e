"""A second layer of HEVC is seen and said; the first is written as it was."""

from pathlib import Path

import pytest
from vidsharp.pipeline.encoder import EncoderChoice

from tests.support import media
from tests.support.media_hevc_layers import AUXILIARY, VIEW, layered
from tests.support.whole_way import pass_through

X265 = EncoderChoice("libx265", preset="ultrafast", options={"x265-params": "lossless=1"})


@pytest.mark.parametrize("name", ["a.ts", "a.mkv"])
@pytest.mark.parametrize(("kind", "what"), [(AUXILIARY, "its transparency"), (VIEW, "its second view")])
def test_a_second_layer_is_said(kind: int, what: str, name: str, tmp_path: Path) -> None:
    clip = layered(tmp_path / name, kind=kind, frames=12, size=(160, 96))
    assert media.frame_indices(clip.path) == list(clip.indices)
    passage = pass_through(clip.path, tmp_path, X265)
    assert passage.mux.notes == (f"{what} is left out: only the first layer of HEVC is decoded",)
    assert media.frame_hashes(passage.out) == media.frame_hashes(clip.path)


def test_plain_hevc_has_nothing_to_say(tmp_path: Path) -> None:
    for name in ("a.mp4", "a.ts"):
        clip = media.call(tmp_path / name, codec="libx265", frames=6, size=(160, 96), audio=0)
        assert pass_through(clip.path, tmp_path, X265).mux.notes == ()
