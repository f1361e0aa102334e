"""The simulation as a job: every clip of a folder, at its own relative path, whatever becomes of the others."""

import json
from pathlib import Path

import pytest
from vidsharp.jobs import SimulateConfig, simulate
from vidsharp.jobs.config import UsageError

from tests.training.simulate.test_clip import TIMES, read_clip, write_clip


def test_one_bad_clip_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "calls" / "deep").mkdir(parents=True)
    (tmp_path / "calls" / "bad.mp4").write_bytes(b"no video")
    write_clip(tmp_path / "calls" / "deep" / "b.avi")
    write_clip(tmp_path / "calls" / "c.mkv")
    out = tmp_path / "soft"
    results = {r.clip: r for r in simulate(SimulateConfig((tmp_path / "calls",), out, "light", seed=3))}
    assert list(results) == ["bad.mp4", "c.mkv", "deep/b.avi"]
    assert "bad.mp4' cannot be made into" in (results["bad.mp4"].error or "")
    for name, path in (("c.mkv", out / "c.mkv"), ("deep/b.avi", out / "deep" / "b.avi.mkv")):
        assert (results[name].error, results[name].out) == (None, path)
        assert len(read_clip(path)[1]) == len(TIMES)
        assert json.loads(path.with_name(f"{path.name}.json").read_text())["seed"] == 3
    assert not (out / "bad.mp4").exists()


def test_an_output_that_cannot_be_written_is_a_failure_of_its_clip(tmp_path: Path) -> None:
    write_clip(tmp_path / "a.mkv")
    (tmp_path / "file").write_text("mine")
    (result,) = simulate(SimulateConfig((tmp_path / "a.mkv",), tmp_path / "file", "light"))
    assert "cannot be written" in (result.error or "")


def test_wrong_requests(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--level 'awful' is not known"):
        SimulateConfig((tmp_path,), tmp_path / "out", "awful")
    with pytest.raises(UsageError, match="at least one clip"):
        SimulateConfig((), tmp_path / "out", "light")
    with pytest.raises(UsageError, match="does not exist"):
        simulate(SimulateConfig((tmp_path / "nowhere",), tmp_path / "out", "light"))
