"""Half precision is taken where it changes no code by more than one, and only there."""

from dataclasses import dataclass

import pytest
import torch
from torch import Tensor
from vidsharp.models.errors import DeviceError
from vidsharp.models.gpu.settings import Precision
from vidsharp.models.nets.catalogue import channels_of, load_student
from vidsharp.models.nets.half import Half, error_against, exactly, half_type, in_type, trial_picture
from vidsharp.models.nets.protocol import ReadiesWeights, forward

from tests.support.gpu import student

CPU, CUDA = torch.device("cpu"), torch.device("cuda")


@dataclass
class Card:
    """Stands for a GPU of some compute capability."""

    capability: tuple[int, int]

    def __call__(self, device: torch.device) -> tuple[int, int]:
        return self.capability


@pytest.mark.parametrize(
    ("capability", "asked", "wanted"),
    [
        ((6, 1), "auto", None),
        ((7, 0), "auto", torch.float16),
        ((9, 0), "auto", torch.float16),
        ((6, 1), "float16", torch.float16),
        ((9, 0), "float32", None),
        ((8, 0), "bfloat16", torch.bfloat16),
    ],
)
def test_the_type_follows_capability(
    monkeypatch: pytest.MonkeyPatch,
    capability: tuple[int, int],
    asked: Precision,
    wanted: torch.dtype | None,
) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", Card(capability))
    assert half_type(asked, CUDA) == wanted


def test_a_gpu_without_bfloat16_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "get_device_capability", Card((7, 5)))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda _: "Tesla T4")
    with pytest.raises(DeviceError, match=r"'Tesla T4' does not compute in bfloat16; use float16 or float32"):
        half_type("bfloat16", CUDA)


def test_a_cpu_stays_in_float32() -> None:
    assert half_type("auto", CPU) is None


def test_the_error_is_the_largest_and_no_number_is_infinitely_wrong() -> None:
    expected = trial_picture(1)

    def wrong(x: Tensor, by: float) -> Tensor:
        out = x.clone()
        out[0, 0, 40, 7] += by
        return out

    for by in (0.25, -0.5):
        assert error_against(expected, lambda x, by=by: wrong(x, by), CPU) == pytest.approx(abs(by))
    assert error_against(expected, lambda x: wrong(x, float("nan")), CPU) == float("inf")


@pytest.mark.parametrize(("error", "steps", "serves"), [(0.0038, 255, True), (0.0038, 1023, False), (0, 65535, True)])
def test_what_serves_8_bits_may_not_serve_10(error: float, steps: int, serves: bool) -> None:
    assert Half(torch.float16, error).serves(steps) == serves
    assert not Half(torch.float16, float("inf")).serves(steps)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_trial_covers_the_range(channels: int) -> None:
    picture = trial_picture(channels)
    assert picture.shape == (1, channels, 64, 64)
    assert (picture.min(), picture.max()) == (0, 1)
    assert torch.equal(picture, trial_picture(channels))


@pytest.mark.parametrize("name", ["fast", "balanced", "reference"])
@torch.inference_mode()
def test_the_shipped_students_are_within_one_code_value_in_float16(name: str) -> None:
    """With what a CPU rounds as a GPU does: operands and answers, not sums."""
    it = load_student(name)
    expected = forward(it.net, trial_picture(3 if it.domain == "rgb" else 1))

    def run(x: Tensor) -> Tensor:
        with in_type(torch.float16, CPU):
            return forward(it.net, x)

    error = error_against(expected, run, CPU)
    assert error > 0
    assert Half(torch.float16, error).serves(255)


def test_training_computes_in_half_throughout() -> None:
    layer = torch.nn.Conv2d(1, 1, 1)
    with in_type(torch.bfloat16, CPU), exactly(x := torch.ones(1, 1, 2, 2)):
        assert layer(x).dtype == torch.bfloat16
    with torch.no_grad(), in_type(torch.bfloat16, CPU), exactly(x):
        assert layer(x).dtype == torch.float32


@pytest.mark.parametrize("name", ["fast", "reference"])
@torch.inference_mode()
def test_networks_do_compute_in_half_but_take_and_give_what_they_did(name: str) -> None:
    """The error of bfloat16 is there, and small; without a half type there is none at all."""
    it = student(name)
    expected = forward(it.net, trial_picture(3 if it.domain == "rgb" else 1))

    def at(dtype: torch.dtype) -> float:
        def run(x: Tensor) -> Tensor:
            with in_type(dtype, CPU):
                return forward(it.net, x)

        return error_against(expected, run, CPU)

    assert at(torch.float32) == 0
    assert 0 < at(torch.bfloat16) < 0.05 * max(1.0, expected.abs().max().item())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("name", ["fast", "best", "reference"])
@torch.inference_mode()
def test_weights_that_are_ready_give_the_same_bits(name: str, dtype: torch.dtype) -> None:
    net = student(name).net
    assert isinstance(net, ReadiesWeights)
    before, x = (
        {key: value.clone() for key, value in net.state_dict().items()},
        trial_picture(channels_of(student(name))),
    )
    ready = net.with_weights_in(dtype)
    with in_type(dtype, CPU):
        assert torch.equal(forward(ready, x), forward(net, x))
    assert all(torch.equal(value, before[key]) for key, value in net.state_dict().items()), "its own stay as they are"
    kinds = {value.dtype for key, value in ready.state_dict().items() if key.startswith(("layers.", "decoder."))}
    assert kinds == {dtype}
