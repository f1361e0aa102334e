"""Which files a command means, and that no result is ever written over an input or over another result."""

import os
import shutil
from pathlib import Path

import pytest
from vidsharp.jobs.config import ProcessConfig, UsageError
from vidsharp.jobs.files.clips import find_clips, printable
from vidsharp.jobs.files.storage import Storage
from vidsharp.jobs.recording_suffixes import RECORDING_SUFFIXES


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    folder = tmp_path / "calls"
    folder.mkdir()
    return folder


def names(*inputs: Path, out: Path) -> list[str]:
    return [clip.name for clip in find_clips(inputs, out)]


def test_a_folder_is_searched_to_the_bottom_in_order(calls: Path, tmp_path: Path) -> None:
    touch(calls / "b.mp4", calls / "team" / "2024" / "a.mkv", calls / "a.webm", calls / "team" / "z.mov")
    clips = find_clips([calls], tmp_path / "out")
    assert [clip.name for clip in clips] == ["a.webm", "b.mp4", "team/z.mov", "team/2024/a.mkv"]
    assert [clip.path for clip in clips] == [calls / clip.name for clip in clips]
    assert all(clip.path.is_absolute() for clip in clips)


def test_a_relative_folder_gives_absolute_paths(calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(calls / "b.mp4")
    monkeypatch.chdir(tmp_path)
    (clip,) = find_clips([Path("calls")], Path("out"))
    assert (clip.path, clip.name) == (calls / "b.mp4", "b.mp4")


@pytest.mark.parametrize("suffix", RECORDING_SUFFIXES)
def test_every_suffix_counts_in_either_case(calls: Path, tmp_path: Path, suffix: str) -> None:
    touch(calls / f"lower{suffix}", calls / f"UPPER{suffix.upper()}")
    assert names(calls, out=tmp_path / "out") == [f"UPPER{suffix.upper()}", f"lower{suffix}"]


def test_files_that_are_no_recordings_and_hidden_ones_are_left_alone(calls: Path, tmp_path: Path) -> None:
    touch(
        calls / "call.mp4",
        calls / "notes.txt",
        calls / "mp4",
        calls / ".hidden.mp4",
        calls / "._call.mp4",
        calls / ".trash" / "old.mp4",
        calls / "call.mp4.part",
    )
    assert names(calls, out=tmp_path / "out") == ["call.mp4"]


def test_a_file_named_on_the_command_line_is_tried_whatever_its_name(calls: Path, tmp_path: Path) -> None:
    touch(calls / "call.backup", calls / ".hidden.mp4", calls / "noext")
    given = [calls / "call.backup", calls / ".hidden.mp4", calls / "noext"]
    assert names(*given, out=tmp_path / "out") == ["call.backup", ".hidden.mp4", "noext"]


def test_a_file_is_named_without_its_folder(calls: Path, tmp_path: Path) -> None:
    touch(calls / "team" / "a.mp4")
    assert names(calls / "team" / "a.mp4", out=tmp_path / "out") == ["a.mp4"]


def test_a_result_folder_inside_the_recordings_is_not_searched(calls: Path, tmp_path: Path) -> None:
    touch(calls / "a.mp4", calls / "sharpened" / "a.mp4", calls / "sharpened" / "deep" / "b.mp4")
    assert names(calls, out=calls / "sharpened") == ["a.mp4"]
    assert len(names(calls, out=tmp_path / "out")) == 3, "with another result folder, it is a folder as any other"
    link = tmp_path / "link"
    link.symlink_to(calls / "sharpened")
    assert names(calls, out=link) == ["a.mp4"]


def test_a_clip_named_twice_counts_once(calls: Path, tmp_path: Path) -> None:
    touch(calls / "a.mp4")
    assert names(calls, calls, calls / "a.mp4", out=tmp_path / "out") == ["a.mp4"]


def test_a_broken_link_is_a_clip_that_will_fail_by_name(calls: Path, tmp_path: Path) -> None:
    (calls / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (calls / "loop.mp4").symlink_to(calls / "loop.mp4")
    assert names(calls, out=tmp_path / "out") == ["gone.mp4", "loop.mp4"]
    assert len(Storage(ProcessConfig((calls,), tmp_path / "out")).find()) == 2


@pytest.mark.parametrize(
    "name",
    ["two words.mp4", "it's \"quoted\".mp4", "Besprechung – größer 会議 🎥.mp4", "<img src=x onerror=alert(1)>.mp4",
     "[bold]x[.mp4", "--out.mp4", "a,b;c.mp4", "100%d.mp4", "שיחה.mp4"],
)  # fmt: skip
def test_odd_names_stay_what_they_are(calls: Path, tmp_path: Path, name: str) -> None:
    touch(calls / "sub folder" / name)
    (clip,) = find_clips([calls], tmp_path / "out")
    assert clip.name == f"sub folder/{name}"
    assert clip.path == calls / "sub folder" / name


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("new\nline.mp4", r"new\nline.mp4"),
        ("\x1b[31mred\x07.mp4", r"\x1b[31mred\x07.mp4"),
        ("\u202e4pm.exe", r"\u202e4pm.exe"),
        ("c1\x9b2J.mp4", r"c1\x9b2J.mp4"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(calls: Path, tmp_path: Path, name: str, shown: str) -> None:
    touch(calls / name)
    (clip,) = find_clips([calls / name], tmp_path / "out")
    assert clip.name == shown
    assert clip.path == calls / name


def test_a_name_that_is_no_text_is_escaped_for_people_and_kept_for_files(calls: Path, tmp_path: Path) -> None:
    raw = os.fsencode(calls) + b"/caf\xe9.mp4"
    Path(os.fsdecode(raw)).write_bytes(b"x")
    (clip,) = find_clips([calls], tmp_path / "out")
    clip.name.encode("utf-8")
    assert clip.name == "caf\\udce9.mp4"
    assert os.fsencode(tmp_path / "out" / clip.relative).endswith(b"/caf\xe9.mp4")
    assert printable("größe") == "größe"


def refusal(*inputs: Path, out: Path, reference: Path | None = None) -> str:
    with pytest.raises(UsageError) as caught:
        Storage(ProcessConfig(inputs, out, reference=reference)).find()
    sentence = str(caught.value)
    assert "\n" not in sentence
    return sentence


def test_a_missing_input_is_named(calls: Path, tmp_path: Path) -> None:
    touch(calls / "a.mp4")
    assert "nowhere does not exist" in refusal(calls, tmp_path / "nowhere", out=tmp_path / "out")


def test_a_folder_without_recordings_says_what_was_looked_for(calls: Path, tmp_path: Path) -> None:
    touch(calls / "notes.txt", calls / ".vidsharp" / "x.mp4")
    sentence = refusal(calls, out=tmp_path / "out")
    assert str(calls) in sentence
    assert ".mp4" in sentence
    assert ".webm" in sentence


def test_the_folder_of_the_recordings_is_no_place_for_results(calls: Path, tmp_path: Path) -> None:
    touch(calls / "a.mp4")
    link = tmp_path / "link"
    link.symlink_to(calls)
    for out in (calls, link, calls / "sub" / ".."):
        assert "folder of the recordings itself" in refusal(calls, out=out)


def test_a_recording_is_never_written_over_itself(calls: Path, tmp_path: Path) -> None:
    touch(calls / "a.mp4")
    assert "over itself" in refusal(calls / "a.mp4", out=calls)
    link = tmp_path / "link"
    link.symlink_to(calls)
    assert "over itself" in refusal(calls / "a.mp4", out=link), "through a linked folder"
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "a.mp4").symlink_to(calls / "a.mp4")
    assert "over itself" in refusal(tmp_path / "other" / "a.mp4", out=calls), "through a linked input"
    assert "over itself" in refusal(calls / "a.mp4", out=tmp_path / "other"), "through a linked output"


def test_a_recording_below_a_searched_folder_is_never_written_over_itself(calls: Path, tmp_path: Path) -> None:
    """`in/a.mp4` is a link to `out/a.mp4`: its result would replace the recording that it comes from."""
    touch(tmp_path / "out" / "a.mp4")
    (calls / "a.mp4").symlink_to(tmp_path / "out" / "a.mp4")
    assert "over itself" in refusal(calls, out=tmp_path / "out")


@pytest.mark.parametrize("way", ["itself", "symlink", "hard link", "linked folder", "another case"])
def test_one_clips_result_is_never_another_clips_input(calls: Path, tmp_path: Path, way: str) -> None:
    """`process rec rec/out/a/b.ts --out rec/out`: the result of `rec/a/b.ts` would replace the second recording."""
    out, other = calls / "out", calls / "out" / "a" / "b.ts"
    touch(calls / "a" / "b.ts", other)
    given = tmp_path / "elsewhere" / "c.ts"
    given.parent.mkdir()
    if way == "itself":
        given = other
    elif way == "symlink":
        given.symlink_to(other)
    elif way == "hard link":
        given.hardlink_to(other)
    elif way == "linked folder":
        (tmp_path / "link").symlink_to(out)
        given, out = other, tmp_path / "link"
    else:
        given = other.with_name("B.ts")
        if not given.exists():  # a disk that tells them apart has them as two files
            given.hardlink_to(other)
    for inputs in ((calls, given), (given, calls)):
        sentence = refusal(*inputs, out=out)
        assert f"the result of {calls / 'a' / 'b.ts'} would be written to" in sentence
        assert f"over {given}, which this command reads" in sentence
    assert len(Storage(ProcessConfig((calls, given), tmp_path / "fresh")).find()) >= 2, "elsewhere there is room"


def test_a_result_is_never_written_over_a_reference(calls: Path, tmp_path: Path) -> None:
    touch(calls / "a.mp4", tmp_path / "sharp" / "a.mp4")
    assert "which this command reads" in refusal(calls, out=tmp_path / "sharp", reference=tmp_path / "sharp")


def test_two_inputs_with_one_name_are_refused(calls: Path, tmp_path: Path) -> None:
    touch(calls / "monday" / "call.mp4", calls / "tuesday" / "call.mp4")
    sentence = refusal(calls / "monday", calls / "tuesday", out=tmp_path / "out")
    assert str(calls / "monday" / "call.mp4") in sentence
    assert str(calls / "tuesday" / "call.mp4") in sentence
    assert names(calls, out=tmp_path / "out") == ["monday/call.mp4", "tuesday/call.mp4"], "apart, they may"


def test_nothing_is_made_on_disk(calls: Path, tmp_path: Path) -> None:
    touch(calls / "a.mp4")
    find_clips([calls], tmp_path / "out")
    assert not (tmp_path / "out").exists()
    shutil.rmtree(calls)


# --- What is no recording ---------------------------------------------------------------------------------------------


def test_what_is_passed_over_is_counted_by_ending(
    calls: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    touch(
        *(calls / name for name in ("a.mp4", "a.srt", "deep/b.srt", "deep/c.SRT", "README", "bell.\x07", ".DS_Store"))
    )
    touch(calls / ".cache" / "x.txt", calls / "out" / "report" / "clips.csv")
    storage = Storage(ProcessConfig((calls, calls / "deep", calls / "a.mp4"), calls / "out"))
    with caplog.at_level("DEBUG", "vidsharp"):
        storage.find()
    assert storage.passed_over.by_ending == {".srt": 3, "": 1, r".\x07": 1}
    said = [record.getMessage() for record in caplog.records if "not taken as a recording" in record.getMessage()]
    assert len(said) == 5
    assert f"{calls / 'deep' / 'b.srt'} is not taken as a recording" in said
