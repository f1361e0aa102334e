"""What is measured of a clip, whatever its chunks."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.jobs.config import ProcessConfig
from vidsharp.jobs.files.clips import Clip
from vidsharp.jobs.processing.worker_tasks import measured_frames, original_of
from vidsharp.pipeline.sample import usual_count

CONFIG = ProcessConfig((Path("in"),), Path("out"))
COUNTS = st.lists(st.integers(1, 300), min_size=1, max_size=8)


class Counted:
    """As much of a chunk as is asked for."""

    def __init__(self, frames: int) -> None:
        self.frames = frames


def measured(counts: list[int], measure: Any) -> list[int]:
    """How many frames of each chunk are measured."""
    chunks: Any = [Counted(count) for count in counts]
    frames = measured_frames(replace(CONFIG, measure=measure), chunks)
    return [sum(n in wanted for n in range(count)) for wanted, count in zip(frames, counts, strict=True)]


@given(COUNTS)
def test_every_frame_or_none(counts: list[int]) -> None:
    assert measured(counts, "every") == counts
    assert measured(counts, "off") == [0] * len(counts)


@given(COUNTS, st.integers(1, 50))
def test_as_many_as_are_asked_for(counts: list[int], wanted: int) -> None:
    assert sum(measured(counts, wanted)) == min(wanted, sum(counts))
    assert sum(measured(counts, "auto")) == usual_count(sum(counts))


@pytest.mark.parametrize("there", [True, False])
def test_the_original_lies_at_the_clips_own_path(tmp_path: Path, there: bool) -> None:
    clip = Clip(tmp_path / "in" / "deep" / "a.mp4", Path("deep/a.mp4"))
    original = tmp_path / "sharp" / "deep" / "a.mp4"
    original.parent.mkdir(parents=True)
    if there:
        original.touch()
    assert original_of(replace(CONFIG, reference=tmp_path / "sharp"), clip) == (original if there else None)
    assert original_of(CONFIG, clip) is None
