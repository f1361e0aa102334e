"""What headers tell of later pictures is what these turn out to be."""

from pathlib import Path
from typing import Any

import pytest
from av.container import InputContainer
from vidsharp.pipeline import interlacing
from vidsharp.pipeline.interlacing import turns_interlaced
from vidsharp.pipeline.probe import probe

from tests.support import media, media_fields

SMALL: dict[str, Any] = {"frames": 20, "gop": 10, "size": (160, 96)}


@pytest.mark.parametrize("codec", ["libx264", "mpeg2video"])
@pytest.mark.parametrize("progressive", [0, 1, 19, 20])
def test_one_interlaced_picture_is_enough(progressive: int, codec: str, tmp_path: Path) -> None:
    parts = [(progressive, False), (20 - progressive, True)]
    clip = media_fields.joined(
        tmp_path / "a.ts",
        [{"frames": frames, "interlaced": interlaced} for frames, interlaced in parts if frames],
        codec=codec,
        size=(160, 96),
    )
    assert turns_interlaced(clip.path, 0) is (progressive < 20)
    assert probe(clip.path).interlaced is any(frame.interlaced_frame for frame in media.video_frames(clip.path))


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.ts"])
@pytest.mark.parametrize("codec", ["libx264", "libx265", "mpeg2video", "mpeg4"])
def test_progressive_recordings_stay_so(codec: str, name: str, tmp_path: Path) -> None:
    clip = media.call(tmp_path / name, codec=codec, bframes=2 if codec == "libx264" else 0, **SMALL)
    assert not turns_interlaced(clip.path, 0)


def test_a_header_that_rules_it_out_saves_the_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clip = media.call(tmp_path / "a.mp4", **SMALL)

    def read(*_: InputContainer) -> None:
        raise AssertionError

    monkeypatch.setattr(interlacing, "readable_packets", read)
    assert not turns_interlaced(clip.path, 0)
