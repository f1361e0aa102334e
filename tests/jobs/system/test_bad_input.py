"""Recordings that cannot be sharpened, or only in part: each fails alone, in one sentence, and leaves nothing."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from vidsharp.jobs import ProcessResult, process
from vidsharp.jobs.files.clips import Clip

from tests.support import media, runs
from tests.support.local_pool import use_no_ray


def no_index(path: Path) -> None:
    runs.clip(path)
    media.drop_moov(path)


def cut_before_the_first_picture(path: Path) -> None:
    runs.clip(path, mux_options=media.FASTSTART)
    content = path.read_bytes()
    path.write_bytes(content[: content.index(b"mdat") + 8])


def link_to_nowhere(path: Path) -> None:
    path.symlink_to(path.parent / "nowhere.mp4")


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


FAILING: dict[str, tuple[Callable[[Path], Any], str]] = {
    "text.mp4": (media.text_file, "is not a recording that can be opened"),
    "zero.mp4": (media.empty_file, "is empty (0 bytes)"),
    "no-index.mp4": (no_index, "'moov' part) is missing"),
    "cut-at-once.mp4": (cut_before_the_first_picture, ""),
    "sound.mp4": (media.audio_only, "has no video to sharpen (it holds audio streams only)"),
    "[bold]text[b].mp4": (media.text_file, "is not a recording that can be opened"),
    "link.mp4": (link_to_nowhere, "cannot be read: No such file or directory"),
    "loop.mp4": (link_to_itself, "cannot be read: Too many levels of symbolic links"),
}


@pytest.fixture(scope="module")
def mixed(shared_ray: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, ProcessResult]:
    """Bad recordings among good ones, whose names come first and last."""
    root = tmp_path_factory.mktemp("bad")
    calls = root / "calls"
    calls.mkdir()
    for name, (make, _) in FAILING.items():
        make(calls / name)
    runs.clip(calls / "a good one.mp4")
    runs.clip(calls / "z good one.mp4")
    runs.clip(calls / "cut.mp4", mux_options=media.FASTSTART)
    media.truncate(calls / "cut.mp4", 0.6)
    runs.clip(calls / "hole.mkv")
    media.flip_packet_bytes(calls / "hole.mkv", 20, share=1)
    return calls, root / "out", process(runs.config(calls, root / "out"))


@pytest.mark.parametrize(("name", "reason"), [(name, reason) for name, (_, reason) in FAILING.items()])
def test_a_bad_clip_fails_in_one_plain_sentence(
    mixed: tuple[Path, Path, ProcessResult], name: str, reason: str
) -> None:
    calls, out, _ = mixed
    row = runs.table(out).loc[name]
    assert row["status"] == "failed"
    assert reason in row["error"]
    assert str(calls / name) in row["error"]
    assert "\n" not in row["error"]
    assert "Traceback" not in row["error"]
    assert not any(word in row["error"] for word in ("RayTaskError", "MediaError", "Errno"))
    for column in ("frames", "frames_lost", "fps", "wall_s", "retries", "width", "out", "bytes_out", "chunks"):
        assert pd.isna(row[column]), column


def test_the_others_finish_and_nothing_else_is_left(mixed: tuple[Path, Path, ProcessResult]) -> None:
    _, out, result = mixed
    good = {"a good one.mp4", "z good one.mp4", "cut.mp4", "hole.mkv"}
    assert {row["clip"] for row in result.rows if row["status"] == "done"} == good
    assert runs.files(out) == good
    assert not (out / ".vidsharp").exists(), "what cannot be planned leaves no work in progress"
    for name in ("a good one.mp4", "z good one.mp4"):
        assert media.frame_indices(out / name) == list(range(60))


def test_of_a_recording_that_was_cut_off_all_that_decodes_is_kept(mixed: tuple[Path, Path, ProcessResult]) -> None:
    calls, out, _ = mixed
    decodes = media.frame_indices(calls / "cut.mp4", strict=False)
    assert 15 < len(decodes) < 60
    assert media.frame_indices(out / "cut.mp4") == decodes
    row = runs.table(out).loc["cut.mp4"]
    assert row["frames"] == len(decodes)
    assert media.video_pts(out / "cut.mp4") == media.video_pts(calls / "cut.mp4", strict=False)


def test_a_hole_is_counted_and_said_and_its_time_stays_empty(mixed: tuple[Path, Path, ProcessResult]) -> None:
    calls, out, _ = mixed
    row = runs.table(out).loc["hole.mkv"]
    assert row["frames"] + row["frames_lost"] == 60
    assert row["frames_lost"] >= 1
    assert "cannot be decoded" in row["note"]
    assert media.video_pts(out / "hole.mkv") == media.video_pts(calls / "hole.mkv", strict=False)
    chunks = runs.table(out, "chunks").loc["hole.mkv"]
    assert list(chunks["frames_lost"] > 0) == [False, True, False, False]
    assert "packet at" in chunks["errors"].iloc[1]


def test_a_clip_that_failed_is_tried_again_and_the_finished_are_not(
    mixed: tuple[Path, Path, ProcessResult], tmp_path: Path
) -> None:
    shutil.copytree(mixed[0], tmp_path / "calls", symlinks=True)
    shutil.copytree(mixed[1], tmp_path / "out")
    (tmp_path / "calls" / "link.mp4").unlink()
    (tmp_path / "calls" / "zero.mp4").unlink()
    runs.clip(tmp_path / "calls" / "zero.mp4", frames=15)
    result = process(runs.config(tmp_path / "calls", tmp_path / "out"))
    assert {row["clip"]: row["status"] for row in result.rows} == {
        **dict.fromkeys(sorted(FAILING.keys() - {"link.mp4", "zero.mp4"}), "failed"),
        **dict.fromkeys(["a good one.mp4", "z good one.mp4", "cut.mp4", "hole.mkv"], "skipped"),
        "zero.mp4": "done",
    }
    assert "link.mp4" in runs.table(tmp_path / "out").index, "the tables tell of all runs"


def test_a_clip_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may read everything, so the refusal is staged where the job first touches the file."""
    runs.clip(tmp_path / "calls" / "secret.mp4")
    secret = tmp_path / "calls" / "secret.mp4"
    secret.chmod(0)
    if os.access(secret, os.R_OK):
        real = Path.open

        def refuse(path: Path, *arguments: Any, **more: Any) -> Any:
            if path == secret:
                raise PermissionError(13, "Permission denied", str(path))
            return real(path, *arguments, **more)

        monkeypatch.setattr(Path, "open", refuse)
    use_no_ray(monkeypatch)
    (row,) = process(runs.config(tmp_path / "calls", tmp_path / "out")).rows
    assert (row["status"], row["error"]) == ("failed", f"{secret} cannot be read: Permission denied")
    assert not (tmp_path / "out" / "secret.mp4").exists()


def test_an_encoder_option_that_does_not_exist_fails_each_clip_in_a_sentence(shared_ray: None, tmp_path: Path) -> None:
    """Which encoder it is for is known only with the clip, so this is found clip by clip."""
    runs.clip(tmp_path / "calls" / "a.mp4", frames=15)
    (row,) = process(runs.config(tmp_path / "calls", tmp_path / "out", encoder_options={"prset": "fast"})).rows
    assert row["status"] == "failed"
    assert row["error"].startswith("the encoder libx264 knows no option prset")
    assert runs.files(tmp_path / "out") == set()


# --- The disk ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def small_disk(tmp_path: Path) -> Any:
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=440k", "tmpfs", str(folder)]
    if os.geteuid() != 0 or not shutil.which("mount") or subprocess.run(options, capture_output=True).returncode:
        pytest.skip("a small disk to fill can only be mounted by root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.slow
def test_a_full_disk_fails_the_clip_and_with_more_space_the_same_command_goes_on(
    shared_ray: None, small_disk: Path, tmp_path: Path
) -> None:
    source = runs.clip(tmp_path / "big.mp4", frames=120)
    out = small_disk / "out"
    # Weights that no longer change: how many chunks fit, beside the tables, follows from what is drawn into them.
    settings = runs.config(source.path, out, encoder_options={"qp": "0"}, model="fast-0.1")
    (row,) = process(settings).rows
    assert row["status"] == "failed"
    assert row["error"].startswith("no space is left on the disk that holds")
    assert runs.table(out).loc["big.mp4", "status"] == "failed"
    assert not (out / "big.mp4").exists()
    assert not [name for name in runs.files(out) if ".part" in name], "what was begun frees its space"
    done = {path.stem for path in out.glob(".vidsharp/*/chunk-?????.json")}
    assert 0 < len(done) < 8, "some chunks fitted"

    subprocess.run(["mount", "-o", "remount,size=20m", str(small_disk)], check=True)
    (row,) = process(settings).rows
    assert row["status"] == "resumed"
    chunks = runs.table(out, "chunks").loc["big.mp4"]
    assert set(chunks[chunks["reused"]]["chunk"]) == {int(name[-5:]) for name in done}
    assert media.frame_indices(out / "big.mp4") == list(range(120))
    assert runs.files(out) == {"big.mp4"}


def test_a_recording_that_vanishes_after_it_was_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs.forbid_ray(monkeypatch)
    gone = Clip(tmp_path / "gone.mp4", Path("gone.mp4"))
    monkeypatch.setattr("vidsharp.jobs.files.storage.find_clips", lambda *_: (gone,))
    (row,) = process(runs.config(tmp_path, tmp_path / "out")).rows
    assert row["status"] == "failed"
    assert "No such file" in row["error"]
