"""What lies in the output folder decides what a run does with a clip."""

from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.clips import Clip
from vidsharp.jobs.earlier_run import standing
from vidsharp.pipeline.workspace import Workspace

CLIP = Clip(Path("/calls/team/a.mp4"), Path("team/a.mp4"))
OURS: dict[str, Any] = {"clip": "team/a.mp4", "out": "team/a.mp4", "key": "key"}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """With a file in the result's place."""
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "a.mp4").write_bytes(b"x")
    return tmp_path


def workspace(out: Path, key: str = "key") -> Workspace:
    return Workspace.of(out / ".vidsharp", CLIP.name, key)


def test_a_result_of_the_same_input_and_settings_is_finished(out: Path) -> None:
    assert standing(CLIP, out, OURS, workspace(out)) == "finished"
    (out / "team" / "a.mp4").rename(out / "team" / "a.mkv")
    assert standing(CLIP, out, {**OURS, "out": "team/a.mkv"}, workspace(out)) == "finished"


def test_what_is_gone_or_made_otherwise_is_open(out: Path) -> None:
    assert standing(CLIP, out, OURS, workspace(out, "another key")) == "open"
    (out / "team" / "a.mp4").unlink()
    assert standing(CLIP, out, OURS, workspace(out)) == "open"
    assert standing(CLIP, out, {}, workspace(out)) == "open"


def test_a_file_that_no_run_made_is_foreign(out: Path) -> None:
    assert standing(CLIP, out, {}, workspace(out)) == "foreign"
    assert standing(CLIP, out, {**OURS, "out": "team/a.mkv", "key": "old"}, workspace(out)) == "foreign"
    begun = workspace(out)
    begun.begin(CLIP.name, ())
    assert standing(CLIP, out, {}, begun) == "open", "a run of ours was killed before its tables were written"
