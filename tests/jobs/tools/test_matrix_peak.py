"""What a machine can do at best is measured in the type, and on a GPU in the size, that students are held against."""

from typing import Any

import pytest
import torch
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode
from vidsharp.jobs.tools import bench, matrix_peak
from vidsharp.models.gpu.settings import GpuSettings

from tests.support.recorded_cuda import RecordedCuda

pytestmark = pytest.mark.usefixtures("threads_as_before")


class Products(TorchDispatchMode):
    """Notes the matrices that are multiplied: type, edge and device."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[torch.dtype, int, str]] = []

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if str(func).startswith("aten.mm"):
            self.seen.append((args[0].dtype, args[0].shape[0], args[0].device.type))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_work_is_held_against_a_product_of_its_type(precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(matrix_peak.EDGE, "cpu", 128)
    settings = GpuSettings(precision=precision, batch=2)  # type: ignore[arg-type]
    with Products() as products:
        figures = bench.bench_model(64, 48, model="fast", device="cpu", threads=1, warmup=0, runs=1, gpu=settings)
    assert figures["precision"] == precision
    assert {dtype for dtype, edge, _ in products.seen if edge == 128} == {getattr(torch, precision)}


def test_on_a_gpu_the_product_is_8192_wide_and_timed_by_events(monkeypatch: pytest.MonkeyPatch) -> None:
    cuda = RecordedCuda(monkeypatch)
    monkeypatch.setattr(torch.cuda, "MemPool", lambda: None)
    monkeypatch.setattr(torch.cuda, "default_stream", lambda device: cuda.thing("Stream"))
    with FakeTensorMode(), Products() as products:
        matrix_peak.peak_gflops(torch.device("cuda"), torch.float16)
    assert set(products.seen) == {(torch.float16, 8192, "cuda")}
    assert len(products.seen) > 10, "one product alone is no measurement"
    assert ("Event", "elapsed_time") in [said[:2] for said in cuda.said]
