"""The main job from recordings to tables, on Ray: what a finished clip promises, and what the next run makes of it."""

import hashlib
import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from vidsharp.jobs import ProcessResult, process
from vidsharp.jobs.config import UsageError
from vidsharp.reports.run.tables import CHUNK_COLUMNS, CLIP_COLUMNS

from tests.support import media, runs

pytestmark = pytest.mark.usefixtures("shared_ray")


@dataclass(frozen=True)
class Finished:
    calls: Path
    out: Path
    clips: dict[str, media.Media]
    before: dict[str, tuple[str, int]]
    """MD5 and time of modification of each input before the run."""
    result: ProcessResult


def state(path: Path) -> tuple[str, int]:
    return hashlib.md5(path.read_bytes()).hexdigest(), path.stat().st_mtime_ns


@pytest.fixture(scope="module")
def finished(shared_ray: None, tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """Several recordings, some in folders, sharpened with the default encoders."""
    root = tmp_path_factory.mktemp("process")
    calls, out = root / "calls", root / "out"
    makers: dict[str, tuple[Callable[..., media.Media], dict[str, Any]]] = {
        "a.mp4": (runs.clip, {"audio": 2, "languages": ("eng", "ger")}),
        "silent.mov": (runs.clip, {"audio": 0, "frames": 30}),
        "team/b.mkv": (media.vfr, {"size": runs.SIZE, "gop": 15, "subtitles": 1}),
        "team/deep/c.webm": (media.webm, {"size": runs.SIZE, "frames": 45, "gop": 15}),
        'team/it\'s <img src=x> "größer".mp4': (media.rotated, {"size": runs.SIZE, "frames": 30}),
    }
    clips = {}
    for name, (maker, facts) in makers.items():
        (calls / name).parent.mkdir(parents=True, exist_ok=True)
        clips[name] = maker(calls / name, **facts)
    before = {name: state(calls / name) for name in clips}
    result = process(runs.config(calls, out, encoder=None, preset=None))
    return Finished(calls, out, clips, before, result)


NAMES = ["a.mp4", "silent.mov", "team/b.mkv", "team/deep/c.webm", 'team/it\'s <img src=x> "größer".mp4']


def test_all_clips_are_done_and_nothing_else_is_left(finished: Finished) -> None:
    assert [row["status"] for row in finished.result.rows] == ["done"] * len(NAMES), finished.result.rows
    assert runs.files(finished.out) == set(NAMES)
    assert not (finished.out / ".vidsharp").exists()
    assert finished.result.count("done") == len(NAMES)
    assert finished.result.count("failed") == 0


@pytest.mark.parametrize("name", NAMES)
def test_every_frame_is_in_place_at_its_time(finished: Finished, name: str) -> None:
    clip, out = finished.clips[name], finished.out / name
    assert media.frame_indices(out) == list(clip.indices)
    tick = float(clip.time_base)
    assert media.video_pts(out) == [pytest.approx(float(time), abs=tick) for time in clip.seconds]


@pytest.mark.parametrize("name", NAMES)
def test_pictures_change_but_stay_what_they_show(finished: Finished, name: str) -> None:
    pairs = list(
        zip(media.decoded_planes(finished.calls / name), media.decoded_planes(finished.out / name), strict=True)
    )
    moved = [float(np.abs(a[0].astype(int) - b[0].astype(int)).mean()) for a, b in pairs]
    assert min(moved) > 0
    assert max(moved) < 12, "of 255 steps"


@pytest.mark.parametrize("name", NAMES)
def test_all_other_streams_are_copied_packet_for_packet(finished: Finished, name: str) -> None:
    def payloads(path: Path) -> dict[int, list[str]]:
        return {index: [packet[4] for packet in packets] for index, packets in media.stream_packets(path).items()}

    before, after = payloads(finished.calls / name), payloads(finished.out / name)
    assert before.keys() == after.keys()
    for index in list(before)[1:]:
        assert after[index] == before[index]
    assert after[0] != before[0], "the pictures are new"


def test_inputs_are_never_written(finished: Finished) -> None:
    assert {name: state(finished.calls / name) for name in NAMES} == finished.before
    assert runs.files(finished.calls) == set(NAMES)


def test_the_clips_table_has_one_row_for_each_clip_with_all_types(finished: Finished) -> None:
    read: Any = pd.read_parquet(finished.out / "report" / "clips.parquet")
    assert {name: str(dtype) for name, dtype in read.dtypes.items()} == dict(CLIP_COLUMNS)
    assert sorted(read["clip"]) == sorted(NAMES)
    types: Any = dict(CLIP_COLUMNS)
    csv = pd.read_csv(finished.out / "report" / "clips.csv", dtype=types)
    pd.testing.assert_frame_equal(csv, read, check_dtype=False)
    assert {row["clip"]: row["frames"] for row in finished.result.rows} == dict(
        zip(read["clip"], read["frames"], strict=True)
    )


def test_the_clips_table_tells_the_truth(finished: Finished) -> None:
    clips = runs.table(finished.out)
    for name, clip in finished.clips.items():
        row = clips.loc[name]
        length = float(clip.seconds[-1] - clip.seconds[0])
        assert row["out"] == name
        assert (row["frames"], row["frames_lost"], row["retries"]) == (clip.frames, 0, 0)
        assert (row["width"], row["height"]) == runs.SIZE
        assert length < row["duration_s"] < length + 0.8
        assert (row["model"], row["device"], row["strength"], row["pix_fmt"]) == ("fast", "cpu", 1.0, "yuv420p")
        assert row["bytes_in"] == (finished.calls / name).stat().st_size
        assert row["bytes_out"] == (finished.out / name).stat().st_size
        for column in ("wall_s", "fps", "model_fps", "decode_s", "model_s", "encode_s", "mux_s"):
            assert row[column] > 0, column
        assert row["fps"] == pytest.approx(row["frames"] / row["wall_s"])
        assert row["model_fps"] == pytest.approx(row["frames"] / row["model_s"])
    assert clips["audio_streams"].to_dict() == dict(zip(sorted(NAMES), [2, 0, 1, 1, 1], strict=True))
    assert clips["codec"].to_dict() == dict(zip(sorted(NAMES), ["h264", "h264", "h264", "vp8", "h264"], strict=True))
    containers = ["mp4", "mov", "matroska", "webm", "mp4"]
    assert clips["container"].to_dict() == dict(zip(sorted(NAMES), containers, strict=True))
    assert clips.loc["team/deep/c.webm", "encoder"] == "libvpx"
    assert clips.loc["a.mp4", "source_fps"] == pytest.approx(30)
    assert clips.loc[NAMES[-1], "rotation"] == 90


def test_what_does_not_apply_is_null(finished: Finished) -> None:
    clips = runs.table(finished.out)
    assert clips["error"].isna().all()
    assert clips.loc["a.mp4":"team/deep/c.webm", "rotation"].isna().all(), "they are not rotated"
    for column in ("ssim_ref_before", "ssim_ref_after", "psnr_ref_before", "psnr_ref_after"):
        assert clips[column].isna().all(), "there is no reference"


def test_the_chunks_table_adds_up(finished: Finished) -> None:
    read: Any = pd.read_parquet(finished.out / "report" / "chunks.parquet")
    assert {name: str(dtype) for name, dtype in read.dtypes.items()} == dict(CHUNK_COLUMNS)
    clips = runs.table(finished.out)
    for name, rows in read.groupby("clip"):
        assert list(rows["chunk"]) == list(range(len(rows)))
        assert len(rows) == clips.loc[name, "chunks"]
        assert rows["frames"].sum() == clips.loc[name, "frames"]
        assert rows["model_s"].sum() == pytest.approx(clips.loc[name, "model_s"])
        assert rows["start_s"].is_monotonic_increasing
    assert clips.loc["a.mp4", "chunks"] == 4
    assert not read["reused"].any()
    assert set(read["node"]) == {socket.gethostname()}
    assert (read["retries"] == 0).all()
    assert read["errors"].isna().all()


# --- The next run -----------------------------------------------------------------------------------------------------


def test_the_same_again_skips_everything_without_starting_ray(
    finished: Finished, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    shutil.copytree(finished.out, out)
    before = {name: (out / name).stat().st_ino for name in NAMES}
    runs.forbid_ray(monkeypatch)
    result = process(runs.config(finished.calls, out, encoder=None, preset=None))
    assert result.count("skipped") == len(NAMES)
    assert {name: (out / name).stat().st_ino for name in NAMES} == before
    pd.testing.assert_frame_equal(
        runs.table(out).drop(columns="status"), runs.table(finished.out).drop(columns="status")
    )
    pd.testing.assert_frame_equal(runs.table(out, "chunks"), runs.table(finished.out, "chunks"))
    assert not (out / ".vidsharp").exists()


@dataclass(frozen=True)
class One:
    """One clip and its finished result, in folders of the test's own."""

    source: Path
    out: Path

    @property
    def made(self) -> Path:
        return self.out / "call.mp4"

    def again(self, **more: Any) -> dict[str, Any]:
        (row,) = process(runs.config(self.source, self.out, **more)).rows
        return row


@pytest.fixture(scope="module")
def template(shared_ray: None, tmp_path_factory: pytest.TempPathFactory) -> One:
    root = tmp_path_factory.mktemp("template")
    runs.clip(root / "call.mp4")
    one = One(root / "call.mp4", root / "out")
    assert one.again()["status"] == "done"
    return one


@pytest.fixture
def one(template: One, tmp_path: Path) -> One:
    shutil.copytree(template.source.parent, tmp_path / "copy")
    return One(tmp_path / "copy" / "call.mp4", tmp_path / "copy" / "out")


def test_a_copy_of_everything_still_counts_as_finished(one: One, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the other tests here rest on."""
    runs.forbid_ray(monkeypatch)
    assert one.again()["status"] == "skipped"


def test_another_strength_does_the_clip_anew_and_0_changes_nothing(one: One) -> None:
    row = one.again(strength=0.0, encoder_options={"qp": "0"})
    assert row["status"] == "done"
    assert media.frame_hashes(one.made) == media.frame_hashes(one.source)
    written = runs.table(one.out).loc["call.mp4"]
    assert pd.isna(written["model_s"])
    assert pd.isna(written["model_fps"])
    assert written["fps"] > 0
    assert written["strength"] == 0
    assert len(runs.table(one.out, "chunks")) == 4, "the older chunks' rows are replaced"


def test_overwrite_does_the_clip_anew_with_the_same_result(one: One) -> None:
    inode, frames = one.made.stat().st_ino, media.frame_hashes(one.made)
    assert one.again(overwrite=True)["status"] == "done"
    assert one.made.stat().st_ino != inode
    assert media.frame_hashes(one.made) == frames


def test_a_result_that_was_removed_is_made_again(one: One) -> None:
    frames = media.frame_hashes(one.made)
    one.made.unlink()
    assert one.again()["status"] == "done"
    assert media.frame_hashes(one.made) == frames


def test_a_file_that_vidsharp_did_not_make_is_not_replaced(
    template: One, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = One(template.source, tmp_path / "out")
    foreign.out.mkdir()
    foreign.made.write_bytes(b"somebody's own")
    with monkeypatch.context() as patch:
        runs.forbid_ray(patch)
        row = foreign.again()
    assert row["status"] == "failed"
    assert "was not made by vidsharp" in row["error"]
    assert "--overwrite" in row["error"]
    assert foreign.made.read_bytes() == b"somebody's own"
    assert foreign.again(overwrite=True)["status"] == "done"
    assert media.frame_hashes(foreign.made) == media.frame_hashes(template.made)


def test_after_a_failure_our_own_earlier_result_is_still_known_as_ours(one: One) -> None:
    """A failed run in between, here for a mistyped option, must not turn the result into a stranger's file."""
    failed = one.again(encoder_options={"crff": "20"})
    assert failed["status"] == "failed"
    assert "crff" in failed["error"]
    assert media.frame_indices(one.made) == list(range(60)), "the earlier result is still in place"
    assert pd.isna(runs.table(one.out).loc["call.mp4", "frames"]), "but no figure of it is taken for the failed run's"
    row = one.again(encoder_options={"crf": "30"})
    assert row["status"] == "done", row


# --- Containers that cannot be written --------------------------------------------------------------------------------


def test_a_container_that_cannot_hold_the_pictures_becomes_mkv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """WebM does not take H.264. Neither another clip's result nor a stranger's file gives way to the new name."""
    calls, out = tmp_path / "calls", tmp_path / "out"
    calls.mkdir()
    for name in ("free.webm", "both.webm", "taken.webm"):
        media.webm(calls / name, size=runs.SIZE, frames=30, gop=15)
    runs.clip(calls / "both.mkv", frames=15)
    out.mkdir()
    (out / "taken.mkv").write_bytes(b"somebody's own")
    result = process(runs.config(calls, out))
    rows = {row["clip"]: row for row in result.rows}
    assert result.count("done") == 4, rows
    assert rows["free.webm"]["out"] == "free.mkv"
    assert rows["free.webm"]["container"] == "matroska"
    assert "written as .mkv" in rows["free.webm"]["note"]
    assert rows["both.mkv"]["out"] == "both.mkv"
    assert len(media.frame_indices(out / "both.mkv")) == 15
    assert rows["both.webm"]["out"] == "both.webm.mkv"
    assert media.frame_indices(out / "both.webm.mkv") == list(range(30))
    assert (out / "taken.mkv").read_bytes() == b"somebody's own"
    assert media.frame_indices(out / rows["taken.webm"]["out"]) == list(range(30))
    runs.forbid_ray(monkeypatch)
    assert process(runs.config(calls, out)).count("skipped") == 4


def test_links_in_the_output_folder_do_not_lead_back_to_the_input(template: One, tmp_path: Path) -> None:
    """A hard link under the result's name is the recording itself: nothing is written there, nor in its place."""
    source = tmp_path / "in" / "call.mp4"
    source.parent.mkdir()
    shutil.copy2(template.source, source)
    linked = One(source, tmp_path / "out")
    linked.out.mkdir()
    os.link(source, linked.made)
    before = state(source)
    with pytest.raises(UsageError, match="would be written over itself"):
        linked.again(overwrite=True)
    assert state(source) == before
    assert linked.made.samefile(source)
