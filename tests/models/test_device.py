"""Device words become devices, or plain sentences."""

import pytest
import torch
from vidsharp.models.device import resolve_device
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
