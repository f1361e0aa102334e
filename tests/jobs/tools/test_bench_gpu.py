"""Figures of a GPU's way: all there and in keeping with what was asked for. Never a time."""

import pytest
import torch
from vidsharp.jobs.tools import bench, matrix_peak
from vidsharp.models.gpu.settings import GpuSettings

from tests.support.gpu import needs_gpu

pytestmark = pytest.mark.usefixtures("threads_as_before")
TIMES = ("compute_ms", "with_copies_ms", "stream_ms", "stream_fps")


@pytest.mark.parametrize("model", ["fast", "reference"])
def test_on_a_cpu_all_but_the_memory_is_measured(monkeypatch: pytest.MonkeyPatch, model: str) -> None:
    monkeypatch.setitem(matrix_peak.EDGE, "cpu", 128)
    settings = GpuSettings(precision="bfloat16", batch=2)
    figures = bench.bench_model(64, 48, model=model, device="cpu", threads=1, warmup=1, runs=2, gpu=settings)
    assert (figures["precision"], figures["batch"], figures["graph"]) == ("bfloat16", 2, False)
    assert figures["peak_gpu_mib"] is None
    assert figures["tile_pixels"] is None
    assert all(figures[name] > 0 for name in TIMES)
    assert figures["stream_ms"] * figures["stream_fps"] == pytest.approx(1000)
    assert figures["peak_type"] == "bfloat16", "work of 16 bits is not held against a product of 32"
    share = figures["gflop_per_frame"] / figures["compute_ms"] / figures["peak_gflops"] * 1e3
    assert figures["compute_share_of_peak"] == pytest.approx(share)


@needs_gpu
@pytest.mark.parametrize("graphs", [True, False])
def test_on_a_gpu(graphs: bool) -> None:
    settings = GpuSettings(graphs=graphs)
    figures = bench.bench_model(640, 360, model="fast", device="cuda", threads=1, warmup=2, runs=5, gpu=settings)
    assert figures["device"] == torch.cuda.get_device_name()
    assert figures["graph"] == graphs
    assert figures["batch"] == 9
    assert figures["peak_gpu_mib"] > 0
    assert all(figures[name] > 0 for name in TIMES)
