"""Each wait, each word to the allocator and each flag on the way through a GPU is needed: without it, a check fails."""

import ast
from collections.abc import Callable, Mapping, Sequence
from random import Random
from types import ModuleType
from typing import Any

import pytest
import torch
from torch import Tensor
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.planes.plane_format import PlaneFormat

from tests.support.fake_gpu import AtOnce, FakeGpu
from tests.support.gpu import EIGHT, noise
from tests.support.late_pictures import inverse, run
from tests.support.recorded_cuda import RecordedCuda
from tests.support.source_mutants import Change, changed_modules, places, source_of

PACKAGE = "vidsharp.models.gpu"
NAMES = ("graph", "lanes", "staging", "batch", "on_gpu")
Modules = Mapping[str, ModuleType]


def streams(modules: Modules, cuda: RecordedCuda) -> None:
    """Pictures through streams that work late."""
    for seed in range(40):
        run(Random(seed), module=modules["on_gpu"])


def too_little_memory(modules: Modules, cuda: RecordedCuda) -> None:
    """The same, where memory ends now and then while graphs are at work: they go, and come no more."""
    on_gpu: Any = modules["on_gpu"]
    for seed in range(25):
        random = Random(seed)

        def compute(planes: Sequence[Tensor], fmt: PlaneFormat, random: Random = random) -> list[Tensor]:
            if random.random() < 0.02:
                raise torch.OutOfMemoryError("CUDA out of memory.")
            return inverse(planes, fmt)

        run(random, module=on_gpu, compute=compute)
    ended = [False]

    def ends_once(planes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
        if not ended[0]:
            ended[0] = True
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return inverse(planes, fmt)

    gpu = FakeGpu(Random(0))
    way = on_gpu.OnGpu(gpu.lanes, on_gpu.Computation(ends_once), GpuSettings(batch=1), AtOnce())
    way.begin(noise(0, (6, 8)), EIGHT).result()
    assert (way.graphs, gpu.emptied) == (0, 1)


def after_an_error(modules: Modules, cuda: RecordedCuda) -> None:
    """When it is told, nothing is under way any more in the memory that is given back."""
    on_gpu: Any = modules["on_gpu"]

    def fails(planes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
        inverse(planes, fmt)
        raise ValueError("odd")

    for seed in range(20):
        gpu = FakeGpu(Random(seed))
        gpu.go_on = lambda: None
        way = on_gpu.OnGpu(gpu.lanes, on_gpu.Computation(fails), GpuSettings(batch=1), AtOnce())
        with pytest.raises(ValueError, match="odd"):
            way.begin(noise(seed, (6, 8)), EIGHT).result()
        assert not any(lane.queue for lane in (gpu.up, gpu.work, gpu.down))


def answers_that_are_no_numbers(modules: Modules, cuda: RecordedCuda) -> None:
    """The batch is computed again, once; and a place that no picture took has no say in it."""
    on_gpu: Any = modules["on_gpu"]
    again = 0

    def half(planes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
        return [*(plane ^ 1 for plane in planes), planes[0][:, 0, 0] >= 7]

    def exactly(planes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
        nonlocal again
        again += 1
        return [~plane for plane in planes]

    for firsts, wanted in (([9, 3, 9], 1), ([9, 9, 9], 0), ([9, 9], 0)):
        again = 0
        computation = on_gpu.Computation(half, exactly)
        way = on_gpu.OnGpu(FakeGpu(Random(0)).lanes, computation, GpuSettings(batch=3), AtOnce())
        pictures = [noise(n, (6, 8)) for n in range(len(firsts))]
        for planes, first in zip(pictures, firsts, strict=True):
            planes[0][0, 0] = first
        waiting = [way.begin(planes, EIGHT) for planes in pictures]
        for pending, planes in zip(waiting, pictures, strict=True):
            assert (pending.result()[0] == (~planes[0] if wanted else planes[0] ^ 1)).all()
        assert again == wanted


def cuda_streams(modules: Modules, cuda: RecordedCuda) -> None:
    """What the real streams ask of CUDA."""
    lanes: Any = modules["lanes"]
    lane, memory = lanes.CudaLane(cuda.thing("Stream")), cuda.thing("Tensor")

    def asked(ask: Callable[[], object]) -> list[tuple[Any, ...]]:
        cuda.said.clear()
        ask()
        return [(each[0], *each[1:2]) for each in cuda.said]

    def within() -> None:
        with lane.after("mark"):
            cuda.said.append(("work",))

    assert asked(within) == [("stream", {}), ("Stream", "wait_event"), ("work",)]
    assert asked(lane.mark) == [("Event", {"blocking": True}), ("Event", "record")]
    assert asked(lane.wait) == [("Stream", "synchronize")]
    assert asked(lambda: lane.uses(memory)) == [("Tensor", "record_stream")]
    assert asked(lambda: lane.seconds(lambda: cuda.said.append(("work",)), 2)) == [
        *[("Event", {"enable_timing": True})] * 2,
        *(("Event", "record"), ("work",), ("work",), ("Event", "record")),
        *(("Event", "synchronize"), ("Event", "elapsed_time")),
    ]
    assert asked(lanes._empty_cache) == [("empty_cache",)]
    modules["graph"]._Captures.failed = True
    assert asked(lanes._empty_cache) == []


def cuda_graphs(modules: Modules, cuda: RecordedCuda) -> None:
    """What captures ask of CUDA; one that fails is the last."""
    graph: Any = modules["graph"]
    calls = 0

    def compute(planes: Sequence[Tensor]) -> list[Tensor]:
        nonlocal calls
        calls += 1
        return list(planes)

    plane = torch.arange(3)
    replays = [graph.captured(compute, [plane]) for _ in range(2)]
    assert calls == 2 * 4, "libraries have warmed up"
    first, second = (said[1] for said in cuda.said if said[0] == "graph")
    assert first.get("pool") is not None
    assert first == second == {"pool": first["pool"], "stream": "current", "capture_error_mode": "thread_local"}
    cuda.said.clear()
    (made,) = replays[0]([plane + 5])
    assert torch.equal(made, plane + 5)
    assert cuda.said == [("CUDAGraph", "replay")]
    cuda.capture_fails = True
    assert graph.captured(compute, [plane]) is None
    calls = 0
    assert graph.captured(compute, [plane]) is None
    assert calls == 0, "after one that failed, no other"


Check = Callable[[Modules, RecordedCuda], None]
CHANGES: dict[Change, Check] = {
    Change("staging", "lanes.down.uses(there[1])", "pass"): streams,
    Change("staging", "with lanes.up.after(lanes.work.mark()):\n                pass", "pass"): streams,
    Change("on_gpu", "lanes.work.after(lanes.up.mark())", "lanes.work.after()"): streams,
    Change("on_gpu", "lanes.down.after(lanes.work.mark())", "lanes.down.after()"): streams,
    Change("on_gpu", "return lanes.down.mark()", "return None"): streams,
    Change("batch", "given_here[:size], non_blocking=True", "given_here[:size]"): streams,
    Change("batch", "made_there[:size], non_blocking=True", "made_there[:size]"): streams,
    Change("on_gpu", "self.lanes.work.wait()  # the graph may be at work", "pass"): streams,
    Change("on_gpu", "self.lanes.work.wait()  # a graph may be at work", "pass"): too_little_memory,
    Change("on_gpu", "self._capture = None\n", "\n"): too_little_memory,
    Change("on_gpu", "self.lanes.empty()\n        yield", "yield"): too_little_memory,
    Change("on_gpu", "lane.wait()", "pass"): after_an_error,
    Change("batch", "end.synchronize()", "pass"): streams,
    Change("batch", "self._as_numbers = True", "pass"): answers_that_are_no_numbers,
    Change("batch", "not last[: self.count].all()", "False"): answers_that_are_no_numbers,
    Change("batch", "last[: self.count]", "last"): answers_that_are_no_numbers,
    Change("lanes", "self._stream.wait_event(mark)", "pass"): cuda_streams,
    Change("lanes", "event.record(self._stream)", "pass"): cuda_streams,
    Change("lanes", "blocking=True", ""): cuda_streams,
    Change("lanes", "memory.record_stream(self._stream)", "pass"): cuda_streams,
    Change("lanes", "self._stream.synchronize()", "pass"): cuda_streams,
    Change("lanes", "began.record(self._stream)", "pass"): cuda_streams,
    Change("lanes", "ended.record(self._stream)", "pass"): cuda_streams,
    Change("lanes", "ended.synchronize()", "pass"): cuda_streams,
    Change("lanes", "if no_failed_capture():", "if True:"): cuda_streams,
    Change("graph", "_Captures.failed = True", "pass"): cuda_graphs,
    Change("graph", "if _Captures.failed:", "if False:"): cuda_graphs,
    Change("graph", "pool=_Captures.pool, ", ""): cuda_graphs,
    Change("graph", "_Captures.pool or ", ""): cuda_graphs,
    Change("graph", ', capture_error_mode="thread_local"', ""): cuda_graphs,
    Change("graph", "mine.copy_(plane)", "pass"): cuda_graphs,
    Change("graph", "graph.replay()", "pass"): cuda_graphs,
}


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_without_it_a_check_fails(change: Change, monkeypatch: pytest.MonkeyPatch) -> None:
    modules, cuda = changed_modules(monkeypatch, PACKAGE, NAMES, change), RecordedCuda(monkeypatch)
    with pytest.raises((AssertionError, IndexError, RecursionError)):
        CHANGES[change](modules, cuda)


@pytest.mark.parametrize("check", sorted({*CHANGES.values()}, key=str), ids=lambda check: check.__name__)
def test_as_it_is_every_check_passes(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    modules, cuda = changed_modules(monkeypatch, PACKAGE, NAMES, None), RecordedCuda(monkeypatch)
    check(modules, cuda)


_WAITS = {"wait", "wait_event", "synchronize", "uses", "record_stream", "record", "mark"}


def waits(node: ast.expr | ast.keyword) -> bool:
    """Whether it orders work in streams, or says whose memory is whose."""
    if isinstance(node, ast.keyword):
        return node.arg in ("non_blocking", "capture_error_mode", "blocking")
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
        return False
    return node.func.attr in _WAITS or (node.func.attr == "after" and bool(node.args))


@pytest.mark.parametrize("name", NAMES)
def test_no_wait_is_forgotten(name: str) -> None:
    """Who adds one adds a change that leaves it out."""
    source = source_of(PACKAGE, name)
    changed = [(source.index(each.old), each) for each in CHANGES if each.module == name]
    for begin, end in places(source, waits):
        text = source[begin:end]
        assert any(at <= begin and end <= at + len(change.old) and text not in change.new for at, change in changed), (
            f"{name}: {text} could be left out, and no test says what for"
        )
