"""Whatever goes wrong on a GPU, and whenever: the right error or none, the memory back, and the next picture right."""

import gc
import pickle
from collections.abc import Callable, Iterator, Sequence
from random import Random

import numpy as np
import pytest
import torch
from torch import Tensor
from vidsharp.models.errors import DeviceError, GpuLost
from vidsharp.models.gpu.batch import Pending
from vidsharp.models.gpu.faults import fault_of, in_words
from vidsharp.models.gpu.on_gpu import Computation, OnGpu
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.planes.plane_format import PlaneFormat

from tests.support.fake_gpu import AtOnce, FakeGpu
from tests.support.gpu import EIGHT, noise

OUT_OF_MEMORY = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1.00 GiB."),
    RuntimeError("GET was unable to find an engine to execute this computation"),
    RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("CUDA error: CUBLAS_STATUS_NOT_INITIALIZED when calling `cublasCreate(handle)`"),
    RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
]
LOST = [
    torch.AcceleratorError("CUDA error: an illegal memory access was encountered", 700),
    RuntimeError("CUDA error: device-side assert triggered"),
    RuntimeError("CUDA error: unspecified launch failure"),
    RuntimeError("CUDA error: uncorrectable ECC error encountered"),
    RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"),
]
OTHER = [
    RuntimeError("The size of tensor a (3) must match the size of tensor b (4)"),
    RuntimeError("CUDA error: operation not permitted when stream is capturing"),
    RuntimeError("CUDA error: no kernel image is available for execution on the device"),
    DeviceError("The GPU is out of memory."),
    ValueError("out of memory"),
]


@pytest.mark.parametrize(
    ("error", "fault"),
    [*((e, "memory") for e in OUT_OF_MEMORY), *((e, "lost") for e in LOST), *((e, "other") for e in OTHER)],
)
def test_what_an_error_means(error: Exception, fault: str) -> None:
    assert fault_of(error) == fault


def test_sentences() -> None:
    words = r"not enough free memory for the student; end what .* --device cpu\.$"
    with pytest.raises(DeviceError, match=words), in_words("the student"):
        raise OUT_OF_MEMORY[1]
    with (
        pytest.raises(GpuLost, match=r"^The GPU failed \(CUDA error: unspecified launch failure\); this process") as it,
        in_words("the student"),
    ):
        raise LOST[2]
    assert str(pickle.loads(pickle.dumps(it.value))) == str(it.value)
    with pytest.raises(ValueError, match="out of memory"), in_words("the student"):
        raise OTHER[-1]


class Failing:
    """A computation that fails at some of its calls."""

    def __init__(self, error: Exception, at: Sequence[int]) -> None:
        self.calls, self._error, self._at = 0, error, at
        self.shrunk = 0

    def __call__(self, planes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
        self.calls += 1
        half = [plane ^ 1 for plane in planes]
        if self.calls - 1 in self._at:
            raise self._error
        return [plane ^ ~1 for plane in half]

    def shrink(self) -> bool:
        self.shrunk += 1
        return self.shrunk < 4


def way_of(compute: Failing, gpu: FakeGpu, batch: int = 2) -> OnGpu:
    return OnGpu(gpu.lanes, Computation(compute, shrink=compute.shrink), GpuSettings(batch=batch), AtOnce())


def assert_right(way: OnGpu, seed: int = 50) -> None:
    pictures = [noise(seed + n, (6, 8)) for n in range(4)]
    waiting = [way.begin(planes, EIGHT) for planes in pictures]
    for pending, planes in zip(waiting, pictures, strict=True):
        for made, given in zip(pending.result(), planes, strict=True):
            np.testing.assert_array_equal(made, ~given)


@pytest.mark.parametrize("at", range(6))
@pytest.mark.parametrize("error", OUT_OF_MEMORY)
def test_too_little_memory_once_costs_no_picture(error: Exception, at: int) -> None:
    """Graphs go first, then what is kept; nothing is computed in smaller parts for one failure."""
    gpu, compute = FakeGpu(Random(at)), Failing(error, [at])
    way = way_of(compute, gpu)
    for seed in range(3):
        assert_right(way, seed)
    assert (gpu.emptied, compute.shrunk, way.graphs) == (1, 0, 0)
    assert len(way._free) == 2, "memory is used again"


def test_smaller_parts_come_last() -> None:
    gpu, compute = FakeGpu(Random(0)), Failing(OUT_OF_MEMORY[0], [5, 6, 7, 8])
    way = way_of(compute, gpu)
    for seed in range(3):
        assert_right(way, seed)
    assert (gpu.emptied, compute.shrunk) == (4, 3)


def test_a_full_gpu_is_said_in_one_sentence_and_may_have_room_later() -> None:
    gpu, compute = FakeGpu(Random(0)), Failing(OUT_OF_MEMORY[2], range(5))
    way = way_of(compute, gpu)
    waiting = [way.begin(noise(n, (6, 8)), EIGHT) for n in range(2)]
    for pending in waiting:
        with pytest.raises(DeviceError, match=r"not enough free memory for a frame of 8x6.*--workers.*--device cpu\.$"):
            pending.result()
    assert len(way._free) == 1
    assert_right(way)


def test_no_room_for_a_frame_at_all() -> None:
    gpu = FakeGpu(Random(0), room=1 << 16)
    way = way_of(Failing(OUT_OF_MEMORY[0], []), gpu)
    assert_right(way)
    with pytest.raises(DeviceError, match="not enough free memory for another frame"):
        way.begin(noise(0, (600, 800)), EIGHT)
    assert_right(way)


@pytest.mark.parametrize("at", range(6))
@pytest.mark.parametrize("error", LOST)
def test_a_lost_gpu_is_said_of_each_picture_of_the_batch(error: Exception, at: int) -> None:
    way = way_of(Failing(error, [at]), FakeGpu(Random(at)))
    waiting = [way.begin(noise(n, (6, 8)), EIGHT) for n in range(12)]
    lost = 0
    for pending in waiting:
        try:
            pending.result()
        except GpuLost:
            lost += 1
    assert lost == 2
    assert len(way._free) == 6, "all memory is back"


@pytest.fixture
def nothing_old_is_collected() -> Iterator[None]:
    """A collection looks at what the test made, not at the million objects of torch."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


def some_calls(seed: int) -> list[int]:
    """Numbers of calls among those that `pictures_through` leads to."""
    gpu = FakeGpu(Random(0))
    pictures_through(way_of(Failing(ValueError("none"), []), gpu))
    return Random(seed).sample(range(gpu.calls), 15)


def pictures_through(way: OnGpu) -> list[BaseException]:
    """Pictures of two sizes, each right or an error."""
    errors: list[BaseException] = []
    waiting: list[tuple[Pending, list[np.ndarray]]] = []
    for n in range(10):
        planes = noise(n, (6, 8) if n % 4 < 2 else (30, 40))
        try:
            waiting.append((way.begin(planes, EIGHT), planes))
        except Exception as error:
            errors.append(error)
    for pending, planes in waiting:
        try:
            made = pending.result()
        except Exception as error:
            errors.append(error)
        else:
            assert all((one == ~given).all() for one, given in zip(made, planes, strict=True))
    return errors


@pytest.mark.usefixtures("nothing_old_is_collected")
@pytest.mark.parametrize(
    ("error", "said"),
    [(OUT_OF_MEMORY[0], DeviceError), (OUT_OF_MEMORY[1], DeviceError), (LOST[0], GpuLost), (LOST[2], GpuLost),
     (OTHER[0], RuntimeError)],
)  # fmt: skip
def test_whichever_call_of_cuda_fails(error: Exception, said: type[Exception]) -> None:
    """Each picture is right or ends in the right error; memory is back; and the next ones are right."""
    for number in some_calls(seed=len(str(error))):
        gpu = FakeGpu(Random(0))
        way = way_of(Failing(error, []), gpu)
        gpu.failing = {number: error}
        errors = pictures_through(way)
        assert all(type(each) is said for each in errors), (number, errors)
        assert len(errors) <= 2, (number, errors)
        way.forget()
        assert_right(way)
        assert pictures_through(way) == []
        errors.clear()
        del way
        gc.collect()  # errors hold what was at hand
        gpu.until(lambda gpu=gpu: not any(lane.queue for lane in (gpu.up, gpu.work, gpu.down)))
        assert gpu.taken == 0, number


@pytest.mark.parametrize("error", [OTHER[0], ValueError("odd")])
def test_an_error_of_ours_stays_what_it_is(error: Exception) -> None:
    way = way_of(Failing(error, [1]), FakeGpu(Random(0)))
    assert_other: Callable[..., None] = assert_right
    with pytest.raises(type(error), match=str(error).split("(")[0]):
        assert_other(way)
    assert_right(way)


class SomeNumbers:
    """A computation in half precision that gives no numbers for pictures that begin with a 7."""

    def __init__(self) -> None:
        self.exact = 0

    def run(self, planes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
        return [*(plane ^ 1 for plane in planes), planes[0][:, 0, 0] != 7]

    def exactly(self, planes: Sequence[Tensor], fmt: PlaneFormat) -> list[Tensor]:
        self.exact += 1
        return [~plane for plane in planes]


def test_a_batch_without_numbers_is_computed_exactly_whoever_is_asked_for_first() -> None:
    made: list[list[bool]] = []
    for order in ([0, 1, 2, 3, 4, 5], [5, 3, 4, 1, 0, 2]):
        numbers = SomeNumbers()
        computation = Computation(numbers.run, numbers.exactly)
        way = OnGpu(FakeGpu(Random(0)).lanes, computation, GpuSettings(batch=2), AtOnce())
        pictures = [noise(n, (6, 8)) for n in range(6)]
        for n, planes in enumerate(pictures):
            planes[0][0, 0] = 7 if n == 3 else 8
        waiting = [way.begin(planes, EIGHT) for planes in pictures]
        exact = [False] * 6
        for n in order:
            one, given = waiting[n].result()[0], pictures[n][0]
            exact[n] = bool(np.array_equal(one, ~given))
            assert exact[n] or np.array_equal(one, given ^ 1)
        made.append(exact)
        assert numbers.exact == 1
        assert len(way._free) == 3
    assert made[0] == made[1] == [False, False, True, True, False, False]


def test_a_picture_that_is_filled_up_need_be_no_number() -> None:
    numbers = SomeNumbers()
    way = OnGpu(FakeGpu(Random(0)).lanes, Computation(numbers.run, numbers.exactly), GpuSettings(batch=3), AtOnce())
    planes = noise(0, (6, 8))
    planes[0][0, 0] = 8
    np.testing.assert_array_equal(way.begin(planes, EIGHT).result()[0], planes[0] ^ 1)
    assert numbers.exact == 0


def test_pictures_that_nobody_wants_share_no_batch_with_later_ones() -> None:
    compute = Failing(ValueError("none"), [])
    way = way_of(compute, FakeGpu(Random(0)))
    way.begin(noise(0, (6, 8)), EIGHT)
    way.forget()
    assert_right(way)
    calls = compute.calls
    fresh = Failing(ValueError("none"), [])
    assert_right(way_of(fresh, FakeGpu(Random(0))))
    assert fresh.calls == calls
