"""A result's name is the recording's own, or one that nobody else has."""

from pathlib import Path

import pytest
from vidsharp.jobs.files.clips import Clip
from vidsharp.jobs.processing.join_clip import FinalNames
from vidsharp.pipeline.errors import OutputError
from vidsharp.pipeline.mux import MuxResult

CLIP = Clip(Path("/calls/team/call.avi"), Path("team/call.avi"))
AS_IT_WAS = MuxResult("avi", "avi", "mpeg4", ())
AS_MATROSKA = MuxResult("matroska", "avi", "h264", ())


@pytest.fixture
def names(tmp_path: Path) -> FinalNames:
    (tmp_path / "team").mkdir()
    return FinalNames(tmp_path, {CLIP.name}, overwrite=False)


def test_the_recordings_own_name(names: FinalNames) -> None:
    assert names.path(CLIP, AS_IT_WAS) == names.out / "team" / "call.avi"
    assert names.path(CLIP, AS_MATROSKA) == names.out / "team" / "call.mkv"


def test_a_recording_beside_it_has_the_name_already(tmp_path: Path) -> None:
    names = FinalNames(tmp_path, {CLIP.name, "team/call.mkv"}, overwrite=False)
    assert names.path(CLIP, AS_MATROSKA) == tmp_path / "team" / "call.avi.mkv"


def test_another_result_has_the_name_already(names: FinalNames) -> None:
    names.owners["team/call.mkv"] = "team/call.webm"
    assert names.path(CLIP, AS_MATROSKA) == names.out / "team" / "call.avi.mkv"


def test_somebodys_file_has_the_name_already(names: FinalNames) -> None:
    (names.out / "team" / "call.mkv").touch()
    assert names.path(CLIP, AS_MATROSKA) == names.out / "team" / "call.avi.mkv"
    (names.out / "team" / "call.avi.mkv").touch()
    with pytest.raises(OutputError, match=r"call\.avi\.mkv exists and was not made by vidsharp"):
        names.path(CLIP, AS_MATROSKA)
    assert FinalNames(names.out, names.clips, overwrite=True).path(CLIP, AS_MATROSKA).name == "call.mkv"


def test_an_earlier_result_of_the_same_clip_is_replaced(names: FinalNames) -> None:
    (names.out / "team" / "call.mkv").touch()
    names.owners["team/call.mkv"] = CLIP.name
    assert names.path(CLIP, AS_MATROSKA).name == "call.mkv"
