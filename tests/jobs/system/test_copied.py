"""Recordings that are sharp already are copied as they are, where that is asked for."""

from pathlib import Path
from typing import Any

import pytest
from vidsharp.jobs.config import ProcessConfig, UsageError
from vidsharp.jobs.engine import actor
from vidsharp.jobs.processing.process_job import ProcessResult, process

from tests.support import media
from tests.support.local_pool import use_no_ray


def _run(tmp_path: Path, **more: Any) -> ProcessResult:
    return process(ProcessConfig((tmp_path / "in",), tmp_path / "out", **more))


def test_a_sharp_one_is_copied_and_a_soft_one_is_sharpened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)
    (tmp_path / "in").mkdir()
    sharp = media.call(tmp_path / "in" / "sharp.mov", size=(128, 96), frames=15).path
    media.call(tmp_path / "in" / "soft.mp4", size=(128, 96), frames=15)
    monkeypatch.setattr(actor, "is_sharp", lambda info, timeline: info.path == sharp)
    result = _run(tmp_path, skip_sharp=True)
    rows = {row["clip"]: row for row in result.rows}
    assert {name: row["status"] for name, row in rows.items()} == {"sharp.mov": "copied", "soft.mp4": "done"}
    assert (tmp_path / "out" / "sharp.mov").read_bytes() == sharp.read_bytes()
    assert rows["sharp.mov"]["note"] == "sharp already, so it was copied as it is"
    assert (rows["sharp.mov"]["frames"], rows["sharp.mov"]["bytes_out"]) == (15, sharp.stat().st_size)
    assert rows["sharp.mov"]["model_s"] is None
    assert result.page is not None
    assert "copied" in result.page.read_text("utf-8")
    assert not [*(tmp_path / "out" / ".vidsharp").glob("*/*")]
    again = _run(tmp_path, skip_sharp=True)
    assert [row["status"] for row in again.rows] == ["skipped", "skipped"]
    without = _run(tmp_path)
    assert [row["status"] for row in without.rows] == ["done", "done"]


def test_one_that_was_written_to_meanwhile_is_not_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_no_ray(monkeypatch)
    (tmp_path / "in").mkdir()
    clip = media.call(tmp_path / "in" / "a.mkv", size=(128, 96), frames=15).path

    def growing(*_: object) -> bool:
        with clip.open("ab") as file:
            file.write(b"more")
        return True

    monkeypatch.setattr(actor, "is_sharp", growing)
    (row,) = _run(tmp_path, skip_sharp=True).rows
    assert row["status"] == "failed"
    assert "was written to while it was worked on" in row["error"]
    assert not (tmp_path / "out" / "a.mkv").exists()


def test_a_part_is_no_copy() -> None:
    with pytest.raises(UsageError, match="--skip-sharp copies whole recordings"):
        ProcessConfig((Path("a"),), Path("out"), skip_sharp=True, end=2.0)
