"""What a clip was made with can be told from its row."""

from pathlib import Path

from vidsharp.jobs.made_with import settings, versions
from vidsharp.jobs.pool import PoolPlan

from tests.jobs import runs


def test_settings_go_by_the_options_names_and_leave_out_what_is_the_encoders_choice(tmp_path: Path) -> None:
    config = runs.config(tmp_path, tmp_path / "out", encoder_options={"tune": "film"}, reference=tmp_path)
    said = settings(config, PoolPlan(2, 4, 0, "cpu"))
    assert said == {
        "model": "fast", "strength": 1.0, "encoder": "libx264", "preset": "ultrafast", "tune": "film",
        "chunk-seconds": 0.5, "measure": "auto", "reference": True, "device": "cpu", "workers": 2, "threads": 4,
    }  # fmt: skip
    assert "crf" not in said
    assert "reference" not in settings(runs.config(tmp_path, tmp_path / "out"), PoolPlan(1, 1, 0, "cpu"))


def test_versions_of_all_that_makes_pictures() -> None:
    assert {"vidsharp", "torch", "PyAV", "FFmpeg", "Python"} <= set(versions())
    assert all(versions().values())
