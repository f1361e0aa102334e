"""Half precision, where it does not show: a network's answers in 16 bits, tried against its answers in float32.

Only the network computes in 16 bits, and not all of it (`exactly`). What goes in, the difference that comes out, and
the sum of both stay float32.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ..errors import DeviceError
from ..gpu.settings import Precision

MOST_STEPS = 1.0
"""How far a trial's answers may lie from float32's, in code values. The trial's noise and edges of full contrast are
harder than frames of recordings."""
_TRIAL_PX = 64
_TENSOR_CORES = (7, 0)
"""Compute capability from which GPUs multiply float16 faster than float32."""
_BFLOAT16 = (8, 0)


@dataclass(frozen=True)
class Half:
    """A type of 16 bits, and how far a network's answers in it were from those in float32."""

    dtype: torch.dtype
    error: float
    """The largest difference, where the answers are 0..1; 0 where the user asked for this type by name."""

    def serves(self, steps: float) -> bool:
        """Whether it is good enough where 0..1 becomes 0..`steps` codes."""
        return self.error * steps <= MOST_STEPS


def half_type(precision: Precision, device: torch.device) -> torch.dtype | None:
    """The type of 16 bits to try on a device; None: float32.

    Raises:
        DeviceError: bfloat16 is asked for, and the GPU does not have it.
    """
    if precision == "auto":
        fast = device.type == "cuda" and torch.cuda.get_device_capability(device) >= _TENSOR_CORES
        return torch.float16 if fast else None
    if precision == "bfloat16" and device.type == "cuda" and torch.cuda.get_device_capability(device) < _BFLOAT16:
        name = torch.cuda.get_device_name(device)
        raise DeviceError(f"The GPU '{name}' does not compute in bfloat16; use float16 or float32 there.")
    return {"float32": None, "float16": torch.float16, "bfloat16": torch.bfloat16}[precision]


def in_type(dtype: torch.dtype, device: torch.device) -> torch.autocast:
    """Within it, networks of float32 compute in `dtype`."""
    # Without its cache: a captured graph would go on reading casts of weights that autocast has thrown away.
    return torch.autocast(device.type, dtype=dtype, enabled=dtype != torch.float32, cache_enabled=False)


def exactly(x: Tensor) -> AbstractContextManager[object]:
    """Within it, the layers of a network that rounding would show most compute in float32 after all; not in training.

    Args:
        x: what they are given, float32.
    """
    kind = x.device.type
    if torch.is_grad_enabled() or not (torch.amp.is_autocast_available(kind) and torch.is_autocast_enabled(kind)):
        return nullcontext()
    return torch.autocast(kind, enabled=False)


def cast_weights(*modules: nn.Module, dtype: torch.dtype) -> None:
    """Has layers hold their weights in a type."""
    for module in (each for one in modules for each in one.modules()):
        for name, weight in [*module.named_parameters(recurse=False)]:
            module.register_parameter(name, nn.Parameter(weight.detach().to(dtype), requires_grad=False))


@torch.inference_mode()
def error_against(
    expected: Tensor, forward: Callable[[Tensor], Tensor], device: torch.device, channels: int | None = None
) -> float:
    """The largest distance of `forward`'s answers on the device from those expected; infinite where one is no number.

    Args:
        expected: float32 answers for `trial_picture`, on the CPU.
        channels: of that; None: as many as the answers have.
    """
    made = forward(trial_picture(channels or expected.shape[1]).to(device)).float().cpu()
    error = (made - expected).abs().max().item()
    return error if error == error else float("inf")


def trial_picture(channels: int, size: tuple[int, int] = (_TRIAL_PX, _TRIAL_PX)) -> Tensor:
    """Float32 [1, channels, H, W] of 0..1: noise, faint noise, a ramp, and the hardest edges, each in a quarter of
    64×64 pixels; in other sizes, these again and again."""
    rng, half = torch.Generator().manual_seed(0), _TRIAL_PX // 2
    loud = torch.rand((1, channels, half, half), generator=rng)
    ramp = torch.linspace(0, 1, half).expand(1, channels, half, half)
    cells = torch.arange(half) // 4
    edges = ((cells[:, None] + cells) % 2).float().expand(1, channels, half, half)
    above, below = torch.cat([loud, 0.5 + loud / 50], dim=-1), torch.cat([ramp, edges], dim=-1)
    picture = torch.cat([above, below], dim=-2)
    if size == (_TRIAL_PX, _TRIAL_PX):
        return picture
    times = [-(-side // _TRIAL_PX) for side in size]
    return picture.repeat(1, 1, *times)[..., : size[0], : size[1]].contiguous()
