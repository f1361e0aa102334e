"""Device words become devices, or plain sentences."""

import logging
from typing import Any

import pytest
import torch
from vidsharp.models import device as module
from vidsharp.models.device import gpu_trouble, resolve_device
from vidsharp.models.errors import DeviceError

no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")


def test_cpu() -> None:
    assert resolve_device("cpu") == torch.device("cpu")


@no_gpu
def test_auto_without_gpu() -> None:
    assert resolve_device("auto") == torch.device("cpu")


@no_gpu
@pytest.mark.parametrize("name", ["cuda", "cuda:1"])
def test_gpu_where_none_is(name: str) -> None:
    with pytest.raises(DeviceError, match=r"no CUDA GPU is visible .* use --device cpu or auto"):
        resolve_device(name)


@pytest.mark.parametrize("name", ["gpu", "cuda:", "cuda:x", ""])
def test_unknown_word(name: str) -> None:
    with pytest.raises(DeviceError, match="accepted are"):
        resolve_device(name)


@pytest.fixture
def a_gpu_that_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as torch says before it computes."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)


@no_gpu
def test_a_gpu_that_does_not_compute_is_passed_over_and_said(
    a_gpu_that_is_there: None, caplog: pytest.LogCaptureFixture
) -> None:
    """What this torch says of it is the real thing: it has no CUDA, or finds no driver."""
    with caplog.at_level(logging.WARNING, "vidsharp"):
        assert resolve_device("auto") == torch.device("cpu")
    (line,) = caplog.messages
    assert line.startswith("the GPU failed (")
    assert line.endswith("); students run on the CPU")
    with pytest.raises(DeviceError, match=r"'cuda:0' was asked for, but the GPU failed \(.*; use --device cpu or auto"):
        resolve_device("cuda:0")
    with pytest.raises(DeviceError, match=r"the GPUs here are cuda:0 to cuda:0"):
        resolve_device("cuda:1")


def test_a_gpu_that_computes_is_taken(a_gpu_that_is_there: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "gpu_trouble", lambda device: None)
    assert resolve_device("auto") == torch.device("cuda")
    assert resolve_device("cuda:0") == torch.device("cuda:0")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            torch.AcceleratorError("CUDA error: no kernel image is available for execution on the device\nFor", 209),
            f"torch {torch.__version__} has no kernels for the GPU",
        ),
        (torch.OutOfMemoryError("CUDA out of memory. Tried."), "the GPU failed (CUDA out of memory. Tried)"),
        (AssertionError(), "the GPU failed (AssertionError)"),
    ],
)
def test_why_a_gpu_does_not_compute(error: Exception, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(module, "conv2d", failing)
    assert gpu_trouble(torch.device("cpu")) == said


def test_wrong_sums_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert gpu_trouble(torch.device("cpu")) is None
    conv = module.conv2d
    monkeypatch.setattr(module, "conv2d", lambda *given, **more: conv(*given, **more) / 0)
    assert gpu_trouble(torch.device("cpu")) == "the GPU computes wrong sums"
