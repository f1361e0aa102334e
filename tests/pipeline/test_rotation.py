"""A recording is turned by as much as FFmpeg says."""

from pathlib import Path

import pytest
from vidsharp.pipeline.probe import probe
from vidsharp.pipeline.rotation import rotation

from tests.support import media


@pytest.mark.parametrize("degrees", [90, 180, -90])
def test_rotation_is_what_ffmpeg_calls_it(tmp_path: Path, degrees: int) -> None:
    clip = media.rotated(tmp_path / "turned.mp4", degrees=degrees, frames=3, size=(160, 96))
    (frame, *_) = media.video_frames(clip.path)
    found = rotation(probe(clip.path).display_matrix)
    assert found is not None
    assert (found - frame.rotation) % 360 == 0
    assert (found - degrees) % 360 == 0


def test_no_matrix_and_an_empty_one_turn_nothing() -> None:
    assert rotation(None) is None
    assert rotation((0,) * 9) is None
