"""A result that its recording's container cannot hold gets a name that nobody else has."""

from pathlib import Path

import pytest
from vidsharp.jobs.files.clips import Clip
from vidsharp.jobs.processing.final_names import FinalNames
from vidsharp.pipeline.errors import OutputError

CLIP = Clip(Path("/calls/team/call.avi"), Path("team/call.avi"))


@pytest.fixture
def names(tmp_path: Path) -> FinalNames:
    (tmp_path / "team").mkdir()
    return FinalNames(tmp_path, {CLIP.name}, overwrite=False)


def test_the_recordings_own_name_with_the_other_ending(names: FinalNames) -> None:
    assert names.as_matroska(CLIP) == names.out / "team" / "call.mkv"


def test_a_recording_beside_it_has_the_name_already(tmp_path: Path) -> None:
    names = FinalNames(tmp_path, {CLIP.name, "team/call.mkv"}, overwrite=False)
    assert names.as_matroska(CLIP) == tmp_path / "team" / "call.avi.mkv"


def test_another_result_has_the_name_already(names: FinalNames) -> None:
    names.owners["team/call.mkv"] = "team/call.webm"
    assert names.as_matroska(CLIP) == names.out / "team" / "call.avi.mkv"


def test_somebodys_file_has_the_name_already(names: FinalNames) -> None:
    (names.out / "team" / "call.mkv").touch()
    assert names.as_matroska(CLIP) == names.out / "team" / "call.avi.mkv"
    (names.out / "team" / "call.avi.mkv").touch()
    with pytest.raises(OutputError, match=r"call\.avi\.mkv exists and was not made by vidsharp"):
        names.as_matroska(CLIP)
    assert FinalNames(names.out, names.clips, overwrite=True).as_matroska(CLIP).name == "call.mkv"


def test_an_earlier_result_of_the_same_clip_is_replaced(names: FinalNames) -> None:
    (names.out / "team" / "call.mkv").touch()
    names.owners["team/call.mkv"] = CLIP.name
    assert names.as_matroska(CLIP).name == "call.mkv"


def test_a_name_that_was_reserved_is_nobody_elses_until_it_is_released(names: FinalNames) -> None:
    other = Clip(Path("/calls/team/call.webm"), Path("team/call.webm"))
    path = names.reserve(CLIP)
    assert names.reserve(other) == names.out / "team" / "call.webm.mkv"
    names.release(path)
    assert names.reserve(other) == path
    path.touch()
    names.release(path)
    assert names.as_matroska(CLIP) == names.out / "team" / "call.avi.mkv", "it is the other's result now"
