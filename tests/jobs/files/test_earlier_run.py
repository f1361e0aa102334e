"""What lies in the output folder decides what a run does with a clip."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.files.clips import Clip
from vidsharp.jobs.files.earlier_run import ClipState, Lying, clip_state, source_columns, state_at_sight
from vidsharp.pipeline.fingerprint import Fingerprint, Seen, Source
from vidsharp.pipeline.part import WHOLE_CLIP, Part
from vidsharp.pipeline.workspace import Workspace

CLIP = Clip(Path("/calls/team/a.mp4"), Path("team/a.mp4"))
SETTINGS = {"strength": 1.0}
SOURCE = Source("/calls/team/a.mp4", "content", 900, lambda count: f"begins{count}", "state")
ELSEWHERE = replace(SOURCE, place="/archive/a.mp4")
SOURCE_COLUMNS = source_columns(SOURCE, Fingerprint.of(SOURCE), SETTINGS)
OURS: dict[str, Any] = {
    "clip": "team/a.mp4",
    "out": "team/a.mp4",
    **source_columns(SOURCE, Fingerprint.of(SOURCE), SETTINGS),
}
OF_0_1: dict[str, Any] = {"clip": "team/a.mp4", "out": "team/a.mp4", "key": "key", "bytes_in": 900}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    """With a file in the result's place."""
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "a.mp4").write_bytes(b"x")
    return tmp_path


def workspace(out: Path, key: str = "key") -> Workspace:
    return Workspace.of(out / ".vidsharp", CLIP.name, key)


def found(out: Path, row: dict[str, Any], source: Source = SOURCE, key: str = "key", **settings: Any) -> ClipState:
    state = clip_state(Lying.of(CLIP, out, row), row, workspace(out, key), source, SETTINGS | settings, old_key=key)
    seen = Seen(source.place, source.state, source.bytes)
    for content in (None, source.content):  # of a file, and of an object
        at_sight = state_at_sight(
            Lying.of(CLIP, out, row), row, workspace(out, key), replace(seen, content=content), SETTINGS | settings
        )
        assert at_sight in (None, state), "what is told without reading is what reading would tell"
    return state


def test_a_result_of_the_same_recording_and_settings_is_finished(out: Path) -> None:
    assert found(out, OURS) == "finished"
    assert found(out, OURS, ELSEWHERE, "touched") == "finished", "moved and touched"
    (out / "team" / "a.mp4").rename(out / "team" / "a.mkv")
    assert found(out, {**OURS, "out": "team/a.mkv"}) == "finished"


def test_what_is_gone_or_made_otherwise_is_open(out: Path) -> None:
    assert found(out, OURS, strength=0.5) == "open"
    assert found(out, OURS, replace(SOURCE, content="grown", state="grown", bytes=1000)) == "open", (
        "it begins alike, in its place"
    )
    (out / "team" / "a.mp4").unlink()
    assert found(out, OURS) == "open"
    assert found(out, {}) == "open"
    assert found(out, OURS, replace(ELSEWHERE, content="other", state="other")) == "open", "there is nothing to lose"


def test_another_part_of_the_recording_is_in_the_way_of_this_one(out: Path) -> None:
    def with_part(row: dict[str, Any], part: Part, **settings: Any) -> ClipState:
        return clip_state(Lying.of(CLIP, out, row), row, workspace(out, "now"), SOURCE, SETTINGS | settings, part)

    of_part = {**OURS, "start_s": 1.0, "end_s": None}
    assert with_part(OURS, Part(1.0), cut=1) == "other part"
    assert with_part(of_part, Part(1.0, 2.0), cut=2) == "other part"
    assert with_part(of_part, WHOLE_CLIP, cut=0) == "other part", "a whole clip does not replace a part unasked either"
    assert with_part(of_part, Part(1.0), strength=0.5) == "open", "the same part with other settings is done anew"
    assert with_part(of_part, Part(1.0)) == "finished"


@pytest.mark.parametrize(
    "other",
    [
        replace(ELSEWHERE, content="other", state="other"),
        replace(SOURCE, content="other", state="other", beginning=lambda count: "otherwise"),
    ],
)
def test_what_was_made_of_another_recording_is_a_clash(other: Source, out: Path) -> None:
    assert found(out, OURS, other) == "clash"
    assert found(out, {**OURS, "key": None, "status": "failed"}, other) == "clash", "a failed run keeps the result"


def test_rows_of_version_0_1_are_known_by_their_key_or_the_recordings_size(out: Path) -> None:
    assert found(out, OF_0_1) == "finished"
    assert found(out, OF_0_1, key="other settings") == "open"
    assert found(out, OF_0_1, replace(SOURCE, bytes=901), key="another") == "clash"


def test_a_file_that_no_run_made_is_foreign(out: Path) -> None:
    assert found(out, {}) == "foreign"
    assert found(out, {**OURS, "out": "team/a.mkv"}, strength=0.5) == "foreign"
    workspace(out).begin(CLIP.name, ())
    assert found(out, {}) == "open", "a run of ours was killed before its tables were written"
    assert found(out, {}, key="of another recording") == "foreign"


def at_sight(out: Path, row: dict[str, Any], **seen: Any) -> ClipState | None:
    as_before = Seen(SOURCE.place, SOURCE.state, SOURCE.bytes)
    return state_at_sight(Lying.of(CLIP, out, row), row, workspace(out), replace(as_before, **seen), SETTINGS)


def test_a_recording_that_nobody_has_written_to_need_not_be_read(out: Path) -> None:
    assert at_sight(out, OURS) == "finished"
    assert at_sight(out, OURS, place="/archive/a.mp4") == "finished"
    assert at_sight(out, OURS, state="touched") is None
    assert at_sight(out, OURS, state="another entity tag", content="content") == "finished"
    assert at_sight(out, OURS, content="other") is None


def test_a_row_that_does_not_say_how_its_recording_was_seen_has_it_read_once(out: Path) -> None:
    older = {**OURS, "fingerprint": OURS["fingerprint"].rpartition("-")[0]}
    assert at_sight(out, older) is None
    assert found(out, older) == "finished"
    assert at_sight(out, OF_0_1) is None
