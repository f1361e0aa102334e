"""Figures of speed: all there, positive, and consistent with each other. Never a time."""

from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import save_file
from vidsharp.jobs.tools import bench, matrix_peak
from vidsharp.models.errors import DeviceError, ModelError
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.pipeline.errors import EncoderError, MediaError

from tests.support import runs
from tests.support.students import random_student, two_looks

pytestmark = pytest.mark.usefixtures("threads_as_before")


def test_the_student_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(matrix_peak.EDGE, "cpu", 256)
    figures = bench.bench_model(160, 96, model="fast", device="cpu", threads=1, warmup=1, runs=5)
    assert {"vidsharp", "torch", "model", "device", "threads", "size", "runs"} <= figures.keys()
    assert (figures["model"], figures["threads"], figures["size"], figures["runs"]) == ("fast", 1, "160x96", 5)
    for name in ("fps", "ms_mean", "ms_p50", "ms_p95", "gflop_per_frame", "gflops", "peak_gflops"):
        assert figures[name] > 0, name
    assert figures["fps"] * figures["ms_mean"] == pytest.approx(1000)
    assert figures["ms_p50"] <= figures["ms_p95"]
    assert figures["gflops"] == pytest.approx(figures["gflop_per_frame"] * figures["fps"])
    assert figures["share_of_peak"] == pytest.approx(figures["gflops"] / figures["peak_gflops"])


def test_a_look_costs_what_one_costs_and_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(matrix_peak.EDGE, "cpu", 128)
    two, given = two_looks(tmp_path / "two.safetensors"), {"device": "cpu", "threads": 1}
    figures = [bench.bench_model(80, 48, model=two, look=look, warmup=0, runs=1, **given) for look in (0.0, 0.5)]
    assert [each["look"] for each in figures] == [0.0, 0.5]
    net = random_student()
    (tmp_path / "one").mkdir()
    save_file(net.state_dict(), tmp_path / "one" / "one.safetensors")
    one = bench.bench_model(80, 48, model=str(tmp_path / "one" / "one.safetensors"), warmup=0, runs=1, **given)
    assert one["look"] is None
    assert {each["gflop_per_frame"] for each in figures} == {one["gflop_per_frame"]}
    clip = runs.clip(tmp_path / "call.mp4", frames=15)
    assert bench.bench_end_to_end(clip.path, model=two, look=1.0, encoder="libx264", **given)["look"] == 1
    with pytest.raises(ModelError, match="has one look"):
        bench.bench_model(80, 48, model="fast-0.1", look=1.0, warmup=0, runs=1, **given)


def test_restored_chroma_is_timed_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(matrix_peak.EDGE, "cpu", 128)
    given: dict[str, Any] = {"device": "cpu", "threads": 1, "warmup": 0, "runs": 1}
    said = [bench.bench_model(80, 48, model="fast", chroma=each, **given)["chroma"] for each in (None, "restore")]
    assert said == ["keep", "restore"]
    assert bench.bench_model(80, 48, model="reference", **given)["chroma"] is None


def test_the_reference_costs_what_the_report_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """About 266 GMAC for a 1080p frame; the network is convolutional, so it scales with the area."""
    monkeypatch.setitem(matrix_peak.EDGE, "cpu", 128)
    figures = bench.bench_model(192, 108, model="reference", device="cpu", threads=2, warmup=0, runs=1)
    assert figures["gflop_per_frame"] == pytest.approx(2 * 266 / 100, rel=0.02)


def test_the_whole_way(tmp_path: Path) -> None:
    clip = runs.clip(tmp_path / "call.mp4")
    figures = bench.bench_end_to_end(clip.path, model="fast", device="cpu", threads=1, encoder="libx264")
    assert (figures["recording"], figures["size"], figures["frames"]) == ("call.mp4", "160x96", 60)
    assert figures["chunks"] == 1
    stages = [figures[name] for name in ("plan_s", "decode_s", "model_s", "encode_s", "mux_s")]
    assert all(seconds > 0 for seconds in stages)
    assert figures["waiting_s"] >= 0
    assert figures["fps"] == pytest.approx(60 / figures["wall_s"])
    assert figures["plan_s"] + figures["chunks_s"] + figures["mux_s"] == pytest.approx(figures["wall_s"])
    # Each stage has a thread of its own, so none is busy for longer than all of it takes.
    assert max(figures["decode_s"], figures["model_s"], figures["encode_s"]) <= figures["chunks_s"] * 1.05
    assert figures["cpu_ms_per_frame"] > 0
    assert figures["peak_rss_mib"] > 50
    assert sorted(path.name for path in tmp_path.iterdir()) == ["call.mp4"], "the result is thrown away"


def test_what_cannot_be_measured_is_said(tmp_path: Path) -> None:
    settings = {"model": "fast", "device": "cpu", "threads": 1}
    with pytest.raises(MediaError, match="does not exist"):
        bench.bench_end_to_end(tmp_path / "nowhere.mp4", encoder=None, **settings)
    with pytest.raises(DeviceError, match="--hwaccel cuda: the student is on the CPU; use --hwaccel none"):
        bench.bench_end_to_end(tmp_path / "nowhere.mp4", encoder=None, hwaccel="cuda", **settings)
    with pytest.raises(EncoderError, match="no video encoder called 'x264'"):
        bench.bench_end_to_end(runs.clip(tmp_path / "call.mp4").path, encoder="x264", **settings)
    with pytest.raises(ModelError, match="no model 'fastest'"):
        bench.bench_model(160, 96, model="fastest", device="cpu", threads=1, warmup=0, runs=1)


def test_a_gpus_way_through_the_whole_of_a_recording(tmp_path: Path) -> None:
    clip = runs.clip(tmp_path / "call.mp4")
    settings = {"model": "fast", "device": "cpu", "threads": 1, "encoder": "ffv1", "gpu": GpuSettings(batch=4)}
    figures = bench.bench_end_to_end(clip.path, **settings)  # type: ignore[arg-type]
    assert (figures["frames"], figures["chunks"]) == (60, 1)
    assert figures["model_s"] > 0
