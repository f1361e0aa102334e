"""Nothing is written outside the output folder, whatever inputs are called and wherever links lead."""

import os
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vidsharp.jobs.config import UsageError
from vidsharp.jobs.files import output_paths
from vidsharp.jobs.files.clips import Clip, find_clips
from vidsharp.jobs.files.output_paths import check_inside, check_names_apart, check_output_folder
from vidsharp.jobs.processing.process_job import process
from vidsharp.jobs.tools.simulate_job import SimulateConfig, simulate
from vidsharp.pipeline.errors import OutputError

from tests.support import runs
from tests.support.local_pool import use_no_ray

NAMES = st.text(st.characters(exclude_characters="/\0", codec="utf-8"), min_size=1, max_size=40).filter(
    lambda name: name not in (".", "..")
)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    (tmp_path / "elsewhere").mkdir()
    return tmp_path / "elsewhere"


# --- Where a result goes ----------------------------------------------------------------------------------------------


@given(folders=st.lists(NAMES, max_size=3), name=NAMES)
@settings(max_examples=200, deadline=None)
def test_whatever_a_recording_is_called_its_result_is_inside(
    tmp_path_factory: pytest.TempPathFactory, folders: list[str], name: str
) -> None:
    root = tmp_path_factory.mktemp("calls")
    path = root.joinpath(*folders, f"{name}.mp4")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    except OSError:  # a name that this disk does not take
        return
    hidden = any(part.startswith(".") for part in (*folders, name))
    out = root.parent / "out"
    for given_path in [path] if hidden else [path, root]:
        (clip,) = find_clips([given_path], out)
        target = Path(os.path.normpath(out / clip.relative))
        assert ".." not in clip.relative.parts
        assert target.is_relative_to(out)
        assert target != out
        check_inside(out, out / clip.relative)


@pytest.mark.parametrize("way", ["sub/..", ".", "sub/../../calls", "//calls"])
def test_dots_in_an_input_are_not_in_its_result(tmp_path: Path, way: str) -> None:
    (tmp_path / "calls" / "sub").mkdir(parents=True)
    (tmp_path / "calls" / "a.mp4").touch()
    folder = tmp_path / "calls" if way == "//calls" else Path(f"{tmp_path}/calls/{way}")
    for given_path in (folder, Path(f"{folder}/a.mp4")):
        (clip,) = find_clips([given_path], tmp_path / "out")
        assert clip.relative == Path("a.mp4")


def test_a_link_to_a_folder_is_not_searched_and_one_to_a_file_keeps_its_own_name(
    tmp_path: Path, elsewhere: Path
) -> None:
    (elsewhere / "secret.mp4").touch()
    calls = tmp_path / "calls"
    calls.mkdir()
    (calls / "folder").symlink_to(elsewhere)
    (calls / "loop").symlink_to(calls)
    (calls / "a.mp4").symlink_to(elsewhere / "secret.mp4")
    assert [clip.relative for clip in find_clips([calls], tmp_path / "out")] == [Path("a.mp4")]


@pytest.mark.parametrize("name", ["report", ".vidsharp", "Report"])
def test_a_recording_with_the_name_of_our_own_folders_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(UsageError, match="name of a folder in every --out"):
        find_clips([tmp_path / name], tmp_path / "out")


def test_two_names_that_look_alike_in_tables_are_told_apart(tmp_path: Path) -> None:
    for name in ("a\nb.mp4", "a\\nb.mp4"):
        (tmp_path / name).touch()
    with pytest.raises(UsageError, match=r"both be called a\\nb\.mp4") as caught:
        find_clips([tmp_path], tmp_path / "out")
    assert "\n" not in str(caught.value)


# --- Links in the output folder ---------------------------------------------------------------------------------------


def test_a_folder_that_leads_out_is_refused_and_left_empty(out: Path, elsewhere: Path) -> None:
    (out / "a").symlink_to(elsewhere)
    for path in (out / "a" / "b.mp4", out / "a" / "deep" / "b.mp4", out / "x" / ".." / ".." / "b.mp4"):
        with pytest.raises(OutputError, match="a link in the output folder leads") as caught:
            check_inside(out, path)
        assert str(path) in str(caught.value)


def test_links_that_stay_inside_are_fine(out: Path, tmp_path: Path) -> None:
    (out / "real").mkdir()
    (out / "a").symlink_to("real")
    check_inside(out, out / "a" / "b.mp4")
    (tmp_path / "link").symlink_to(out)
    check_inside(tmp_path / "link", tmp_path / "link" / "a" / "b.mp4")
    check_output_folder(tmp_path / "link")


@pytest.mark.parametrize("folder", [".vidsharp", "report", "report/previews"])
def test_our_own_folders_must_be_inside(out: Path, elsewhere: Path, folder: str) -> None:
    (out / folder).parent.mkdir(exist_ok=True)
    (out / folder).symlink_to(elsewhere)
    runs.clip(out.parent / "calls" / "call.mp4", frames=3)
    with pytest.raises(UsageError, match=f"{folder} is a link that leads out"):
        process(runs.config(out.parent / "calls", out))
    assert list(elsewhere.iterdir()) == []


def test_links_in_the_work_in_progress_are_removed_and_not_followed(out: Path, elsewhere: Path) -> None:
    (elsewhere / "file").write_text("mine")
    (out / ".vidsharp" / "abc").mkdir(parents=True)
    links = [out / ".vidsharp" / name for name in ("lock", "def", "abc/joined.mp4")]
    for link, target in zip(links, (elsewhere / "file", elsewhere, elsewhere / "file"), strict=True):
        link.symlink_to(target)
    (out / ".vidsharp" / "abc" / "kept").touch()
    check_output_folder(out)
    assert not any(link.is_symlink() for link in links)
    assert (out / ".vidsharp" / "abc" / "kept").exists()
    assert (elsewhere / "file").read_text() == "mine"


def test_work_that_another_run_removes_meanwhile_is_no_error(out: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The lock is taken only afterwards: it must not be a link itself."""
    (out / ".vidsharp" / "abc").mkdir(parents=True)
    for name in ("abc/one", "abc/two", "three"):
        (out / ".vidsharp" / name).symlink_to("nowhere")
    is_symlink = Path.is_symlink

    def seen_and_removed(path: Path) -> bool:
        found = is_symlink(path)
        if path.is_relative_to(out / ".vidsharp") and found:
            path.unlink()
        return found

    monkeypatch.setattr(Path, "is_symlink", seen_and_removed)
    error = None
    try:
        check_output_folder(out)
    except OSError as caught:
        error = caught
    assert error is None


def test_a_run_writes_nothing_outside(shared_ray: None, out: Path, elsewhere: Path) -> None:
    """One result would go through a link and fails; the others, and every table, are written, in place of links."""
    calls = out.parent / "calls"
    runs.clip(calls / "a" / "call.mp4", frames=5)
    runs.clip(calls / "b" / "call.mp4", frames=5)
    (elsewhere / "mine").write_text("mine")
    (out / "a").symlink_to(elsewhere)
    (out / "b").mkdir()
    (out / "b" / "call.mp4").symlink_to(elsewhere / "nothing-yet")
    (out / "report").mkdir()
    for name in ("clips.csv", "index.html", "clips.parquet"):
        (out / "report" / name).symlink_to(elsewhere / "mine")
    result = process(runs.config(calls, out))
    assert [(row["clip"], row["status"]) for row in result.rows] == [("a/call.mp4", "failed"), ("b/call.mp4", "done")]
    assert "a link in the output folder leads" in result.rows[0]["error"]
    assert {path.name: path.read_text() for path in elsewhere.iterdir()} == {"mine": "mine"}
    assert (out / "b" / "call.mp4").is_file()
    assert not any(path.is_symlink() for path in (out / "report").rglob("*"))


@pytest.mark.parametrize("folder", [".vidsharp", "report"])
def test_a_link_to_itself_in_the_place_of_our_own_folders_is_a_sentence(
    out: Path, monkeypatch: pytest.MonkeyPatch, folder: str
) -> None:
    use_no_ray(monkeypatch)
    runs.clip(out.parent / "calls" / "call.mp4", frames=3)
    (out / folder).symlink_to(folder)
    with pytest.raises((UsageError, OutputError), match=f"{folder} cannot be written: File exists"):
        process(runs.config(out.parent / "calls", out))


def test_a_link_to_itself_in_the_place_of_a_results_folder_fails_that_clip(
    out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_no_ray(monkeypatch)
    calls = out.parent / "calls"
    for folder in ("a", "b"):
        runs.clip(calls / folder / "call.mp4", frames=3)
    (out / "a").symlink_to("a")
    bad, good = process(runs.config(calls, out)).rows
    assert (bad["status"], bad["error"]) == ("failed", f"{out / 'a'} cannot be written: File exists")
    assert (good["status"], good["frames"]) == ("done", 3)
    errors = {made.clip: made.error for made in simulate(SimulateConfig((calls,), out, "light", overwrite=True))}
    assert errors == {"a/call.mp4": f"{out / 'a'} cannot be written: File exists", "b/call.mp4": None}


def test_simulate_stays_inside_too(out: Path, elsewhere: Path) -> None:
    calls = out.parent / "calls"
    runs.clip(calls / "a" / "call.mp4", frames=3)
    runs.clip(calls / "call.mp4", frames=3)
    (out / "a").symlink_to(elsewhere)
    (out / ".call.part.mp4").symlink_to(elsewhere / "through")
    results = {made.clip: made.error for made in simulate(SimulateConfig((calls,), out, "light"))}
    assert "a link in the output folder leads" in (results["a/call.mp4"] or "")
    assert results["call.mp4"] is None
    assert list(elsewhere.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes here")
def test_a_pipe_and_a_device_are_not_waited_for(out: Path) -> None:
    calls = out.parent / "calls"
    calls.mkdir()
    os.mkfifo(calls / "pipe.mp4")
    (calls / "zero.mp4").symlink_to("/dev/zero")
    result = process(runs.config(calls, out))
    assert [row["status"] for row in result.rows] == ["failed", "failed"]
    assert all("a pipe or a device, and no file" in row["error"] for row in result.rows)
    made = list(simulate(SimulateConfig((calls,), out, "light")))
    assert all("a pipe or a device" in (one.error or "") for one in made)


# --- Names that a disk takes for one ----------------------------------------------------------------------------------

CASE = ("Call.mp4", "call.mp4")
FORM = (unicodedata.normalize("NFC", "café.mp4"), unicodedata.normalize("NFD", "café.mp4"))
FOLDER = ("Team/call.mp4", "team/call.mp4")


def clips(*names: str) -> list[Clip]:
    return [Clip(Path("/calls") / name, Path(name)) for name in names]


@pytest.mark.parametrize("names", [CASE, FORM, FOLDER])
def test_this_disk_tells_names_apart_or_they_are_refused(out: Path, names: tuple[str, str]) -> None:
    for name in names:
        (out / name).parent.mkdir(exist_ok=True)
        (out / name).write_text(name)
    apart = [(out / name).read_text() for name in names] == list(names)
    if apart:
        check_names_apart(clips(*names), out)
    else:
        with pytest.raises(UsageError, match="would be one file"):
            check_names_apart(clips(*names), out)
    assert len([path for path in out.iterdir() if path.name.startswith("tmp")]) == 0


@pytest.mark.parametrize(
    ("merges", "refused"),
    [
        ((True, False), [CASE, FOLDER]),
        ((False, True), [FORM]),
        ((True, True), [CASE, FOLDER, FORM]),
        ((False,) * 2, []),
    ],
)
def test_a_disk_that_takes_names_for_one_gets_only_one(
    out: Path, monkeypatch: pytest.MonkeyPatch, merges: tuple[bool, bool], refused: list[tuple[str, str]]
) -> None:
    monkeypatch.setattr(output_paths, "names_that_merge", lambda folder: merges)
    for names in (CASE, FOLDER, FORM):
        if names in refused:
            with pytest.raises(UsageError, match="would be one file"):
                check_names_apart(clips("other.mp4", *names), out)
        else:
            check_names_apart(clips("other.mp4", *names), out)
