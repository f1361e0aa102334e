"""Students on a GPU that is not there: tensors have its device, a shape and a type, and no numbers (`FakeTensorMode`).

Half precision is on as on a real one, and whatever would wait for the GPU, or copy to it, is refused.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import is_dataclass, replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode, _disable_current_modes
from torch.utils._pytree import tree_iter
from vidsharp.models.gpu import gpu_student
from vidsharp.models.gpu.gpu_student import GpuStudent
from vidsharp.models.gpu.lanes import lanes_of
from vidsharp.models.gpu.settings import GpuSettings
from vidsharp.models.nets import swinir
from vidsharp.models.nets.catalogue import Student
from vidsharp.models.nets.protocol import ReadiesWeights

CUDA = torch.device("cuda")
_COPIES = ("aten._to_copy", "aten.to.", "aten.copy_")


class Waits(AssertionError):
    """The GPU would be waited for, or something copied to it."""


class OnDeviceAlone(TorchDispatchMode):
    """Within it, work has to stay on the device. To be entered within `FakeTensorMode`, which refuses `.item()`."""

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        made = func(*args, **(kwargs or {}))
        # A number may stand beside a GPU's tensors: it goes along with the launch, unless it is copied by itself.
        numbers = str(func).startswith(_COPIES)
        tensors = [leaf for leaf in tree_iter((args, kwargs, made)) if isinstance(leaf, Tensor)]
        devices = {each.device.type for each in tensors if numbers or each.dim() or each.device.type == "cuda"}
        if len(devices) > 1:
            raise Waits(f"{func} works on {' and '.join(sorted(devices))}")
        return made


@contextmanager
def a_gpu(patch: pytest.MonkeyPatch) -> Iterator[None]:
    """Within it, torch takes a GPU for there. Its streams are not: work is asked for on the CPU's."""
    with patch.context() as here, FakeTensorMode():
        here.setattr(torch.cuda, "is_available", lambda: True)  # else autocast turns itself off
        here.setattr(gpu_student, "lanes_of", lambda device: lanes_of(torch.device("cpu")))
        swinir._region_labels.cache_clear()
        flags = torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32
        try:
            yield
        finally:
            swinir._region_labels.cache_clear()  # a real GPU has no use for what has no numbers
            torch.backends.cudnn.deterministic, torch.backends.cudnn.allow_tf32 = flags


def on_gpu(student: Student, **settings: Any) -> GpuStudent:
    """A copy of a student there, whose weights have no numbers; the caller is within `a_gpu`."""
    with _disable_current_modes():  # fake weights can neither be copied nor be moved
        net: Any = deepcopy(student.net)
        kinds = (torch.float32, torch.float16) if isinstance(student.net, ReadiesWeights) else ()
        ready = {kind: net.with_weights_in(kind) for kind in kinds}
    for each in (net, *ready.values()):
        each.apply(_without_numbers)
    net.to = lambda **_: net
    if ready:
        net.with_weights_in = ready.__getitem__
    return GpuStudent(replace(student, net=net), CUDA, 1.0, GpuSettings(graphs=False, **settings))


def _without_numbers(module: nn.Module) -> None:
    for name, each in [*module.named_parameters(recurse=False)]:
        module.register_parameter(name, nn.Parameter(_like(each), requires_grad=False))
    for name, each in [*module.named_buffers(recurse=False)]:
        module.register_buffer(name, _like(each))
    for name, kept in [*vars(module).items()]:
        if is_dataclass(kept) and not isinstance(kept, type):
            made = {field: _like(value) for field, value in vars(kept).items() if isinstance(value, Tensor)}
            setattr(module, name, replace(kept, **made))


def _like(tensor: Tensor) -> Tensor:
    return torch.empty_strided(tensor.shape, tensor.stride(), dtype=tensor.dtype, device=CUDA)


def codes(height: int, width: int, pictures: int = 1, dtype: torch.dtype = torch.uint8) -> list[Tensor]:
    """4:2:0 planes of a batch; the caller is within `a_gpu`."""
    half = (-(-height // 2), -(-width // 2))
    shapes = ((height, width), half, half)
    return [torch.empty((pictures, *shape), dtype=dtype, device=CUDA) for shape in shapes]
