"""Runs whose results are bounded in size or in quality."""

from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.config import ProcessConfig, UsageError
from vidsharp.jobs.processing.process_job import process
from vidsharp.pipeline import choose_rate

from tests.support import media
from tests.support.local_pool import use_no_ray


def _run(clip: Path, out: Path, **more: Any) -> dict[str, Any]:
    (row,) = process(ProcessConfig((clip,), out, page=False, measure="off", chunk_seconds=1, **more)).rows
    return row


@pytest.mark.parametrize("growth", [0.8, 1.0, 1.5])
def test_a_result_is_no_larger_than_asked(growth: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)
    clip = media.call(tmp_path / "a.mp4", size=(160, 96), frames=90).path
    row = _run(clip, tmp_path / "out", max_growth=growth)
    assert row["status"] == "done"
    assert (tmp_path / "out" / "a.mp4").stat().st_size <= growth * clip.stat().st_size
    assert media.frame_indices(tmp_path / "out" / "a.mp4") == [*range(90)]


def test_one_that_came_out_larger_than_foreseen_is_done_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)
    monkeypatch.setattr(choose_rate, "ROOM", 1000.0)  # what is foreseen always fits
    clip = media.call(tmp_path / "a.mp4", size=(160, 96), frames=90).path
    row = _run(clip, tmp_path / "out", max_growth=0.45)
    assert row["status"] == "done"
    assert "was chosen for --max-growth" in row["note"]
    assert (tmp_path / "out" / "a.mp4").stat().st_size <= 0.45 * clip.stat().st_size


def test_a_file_that_came_out_larger_than_its_chunks_say_is_done_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_no_ray(monkeypatch)
    monkeypatch.setattr(choose_rate.Recording, "room_for_video", lambda *_: 1 << 40)  # chunks always fit
    clip = media.call(tmp_path / "a.mp4", size=(160, 96), frames=90).path
    row = _run(clip, tmp_path / "out", max_growth=0.45)
    assert row["status"] == "done"
    assert "was chosen for --max-growth" in row["note"]
    assert (tmp_path / "out" / "a.mp4").stat().st_size <= 0.45 * clip.stat().st_size
    assert media.frame_indices(tmp_path / "out" / "a.mp4") == [*range(90)]


def test_a_tiny_recording_is_not_refused_for_what_its_tags_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    use_no_ray(monkeypatch)
    clip = media.call(tmp_path / "a.mp4", size=(32, 32), frames=10, audio=0).path
    assert clip.stat().st_size < 1.5 * choose_rate.OVERHEAD_BYTES
    row = _run(clip, tmp_path / "out", max_growth=1.5)
    assert (row["status"], row["error"]) == ("done", None)
    assert (tmp_path / "out" / "a.mp4").stat().st_size <= 1.5 * clip.stat().st_size


def test_a_size_that_cannot_be_held_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)
    monkeypatch.setattr(choose_rate, "OVERHEAD_BYTES", 0)
    clip = media.call(tmp_path / "a.mkv", size=(160, 96), frames=90, audio=0).path
    row = _run(clip, tmp_path / "out", max_growth=0.1)
    assert row["status"] == "failed"
    assert "--max-growth is not held even at libx264's crf 45" in row["error"]
    assert not (tmp_path / "out" / "a.mkv").exists()


def test_another_bound_makes_another_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)
    clip = media.call(tmp_path / "a.mp4", size=(160, 96), frames=60).path
    statuses = [_run(clip, tmp_path / "out", target_quality=quality)["status"] for quality in (36.0, 36.0, 42.0)]
    assert statuses == ["done", "skipped", "done"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"max_growth": 0.0}, "--max-growth 0 is out of range"),
        ({"max_growth": float("nan")}, "--max-growth nan is out of range"),
        ({"target_quality": 90.0}, "--target-quality 90 is out of range: 20 to 60"),
        ({"target_quality": 40.0, "crf": 20.0}, "say only one of them"),
        ({"max_growth": 1.5, "encoder_options": {"b": "4M"}}, "which -e b=… fixes"),
    ],
)
def test_what_cannot_be_is_refused(more: dict[str, Any], sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        ProcessConfig((Path("a"),), Path("out"), **more)
