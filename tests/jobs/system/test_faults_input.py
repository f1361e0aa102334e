"""Recordings that change under the run, and clocks that jump."""

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from vidsharp.jobs import process
from vidsharp.jobs.processing.progress import NoWatcher

from tests.support import media, runs
from tests.support.local_pool import use_no_ray


@pytest.fixture(autouse=True)
def _no_ray(monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)


class Once(NoWatcher):
    """Does something when work on the clip begins, or after its first pictures."""

    def __init__(self, act: Callable[[], object], *, at_once: bool) -> None:
        self._act, self._at_once, self._left = act, at_once, True

    def clip_started(self, clip: str, frames: int, done: int) -> None:
        self._go(self._at_once)

    def clip_moved(self, clip: str, done: int) -> None:
        self._go(bool(done))

    def _go(self, now: bool) -> None:
        if now and self._left:
            self._left = False
            self._act()


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(bytes(1000))


def touch(path: Path) -> None:
    os.utime(path, ns=(10**18, 10**18))


def other(path: Path) -> None:
    runs.clip(path, seed=5)


def shorter(path: Path) -> None:
    runs.clip(path, frames=20)


def cut(path: Path) -> None:
    media.truncate(path, 0.5)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("change", [append, touch, other, shorter, cut])
def test_a_recording_that_is_written_to_fails_and_is_then_done_anew(
    change: Callable[[Path], None], at_once: bool, tmp_path: Path
) -> None:
    source, out = runs.clip(tmp_path / "call.mp4").path, tmp_path / "out"
    (row,) = process(runs.config(source, out), Once(lambda: change(source), at_once=at_once)).rows
    assert row["status"] == "failed"
    assert row["error"] == (
        f"{source} was written to while it was worked on; run the same command again when it is whole"
    )
    assert not (out / "call.mp4").exists()
    if change is cut:
        runs.clip(source)
    (row,) = process(runs.config(source, out)).rows
    assert row["status"] == "done", "nothing of the older state is used"
    process(runs.config(source, tmp_path / "calm"))
    assert media.frame_hashes(out / "call.mp4") == media.frame_hashes(tmp_path / "calm" / "call.mp4")
    assert runs.files(out) == {"call.mp4"}


@pytest.mark.parametrize("at_once", [True, False])
def test_a_recording_that_vanishes_fails_and_goes_on_when_it_is_back(at_once: bool, tmp_path: Path) -> None:
    source, out = runs.clip(tmp_path / "call.mp4").path, tmp_path / "out"
    process(runs.config(source, tmp_path / "calm"))
    away = tmp_path / "away"
    (row,) = process(runs.config(source, out), Once(lambda: shutil.move(source, away), at_once=at_once)).rows
    assert row["status"] == "failed"
    assert row["error"].startswith(f"{source} ")
    assert not (out / "call.mp4").exists()
    shutil.move(away, source)
    (row,) = process(runs.config(source, out)).rows
    assert row["status"] == ("done" if at_once else "resumed")
    assert media.frame_hashes(out / "call.mp4") == media.frame_hashes(tmp_path / "calm" / "call.mp4")
    assert runs.files(out) == {"call.mp4"}


@pytest.mark.parametrize("step_s", [-3600.0, 86400.0])
def test_a_clock_that_jumps_changes_no_duration(step_s: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forwards or backwards, each time that anyone looks."""
    source, out = runs.clip(tmp_path / "call.mp4").path, tmp_path / "out"
    now, began = [1.8e9], time.monotonic()

    def jumping() -> float:
        now[0] += step_s
        return now[0]

    with monkeypatch.context() as patch:
        patch.setattr(time, "time", jumping)
        result = process(runs.config(source, out))
    took = time.monotonic() - began
    assert result.count("done") == 1
    assert result.page is not None
    clip, chunks = runs.table(out).loc["call.mp4"], runs.table(out, "chunks")
    for column in ("wall_s", "decode_s", "model_s", "encode_s", "mux_s"):
        assert 0 <= clip[column] <= took, column
    assert ((chunks["wall_s"] >= 0) & (chunks["wall_s"] <= took)).all()
    assert len(set(chunks["began_at"])) == 4, "the clock jumped"
    assert clip["fps"] == pytest.approx(60 / clip["wall_s"])
    assert process(runs.config(source, out)).count("skipped") == 1
