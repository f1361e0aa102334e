"""From the user's word for a device to a torch device, or a plain sentence about why not."""

import logging
import re

import torch
from torch.nn.functional import conv2d

from .errors import DeviceError

_CHANNELS, _EDGE = 8, 16


def resolve_device(name: str) -> torch.device:
    """The device that `auto`, `cpu`, `cuda` or `cuda:N` means on this machine. `auto` takes a GPU where there is one
    that computes; where there is one that does not, the log says why.

    Raises:
        DeviceError: the name is none of these, or asks for a GPU that is not there or cannot be used.
    """
    if name == "cpu":
        return torch.device("cpu")
    match = re.fullmatch(r"auto|cuda(?::(\d+))?", name)
    if match is None:
        raise DeviceError(f"'{name}' is no device; accepted are auto, cpu, cuda and cuda:N.")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    device = torch.device("cuda" if name == "auto" else name)
    if name == "auto" and not count:
        return torch.device("cpu")
    if count == 0:
        why = "" if torch.version.cuda else f" (torch {torch.__version__} was built without CUDA)"
        raise DeviceError(
            f"Device '{name}' was asked for, but no CUDA GPU is visible here{why}; use --device cpu or auto."
        )
    if match[1] is not None and int(match[1]) >= count:
        raise DeviceError(f"Device '{name}' was asked for, but the GPUs here are cuda:0 to cuda:{count - 1}.")
    trouble = gpu_trouble(device)
    if trouble is None:
        return device
    if name != "auto":
        raise DeviceError(f"Device '{name}' was asked for, but {trouble}; use --device cpu or auto.")
    logging.getLogger("vidsharp").warning("%s; students run on the CPU", trouble)
    return torch.device("cpu")


def gpu_trouble(device: torch.device) -> str | None:
    """Why no student can be computed on a GPU, in words; None where a trial convolution gave the right sum. That a GPU
    is there says little: torch may be too new or too old for it, and its memory may be another process's."""
    try:
        with torch.inference_mode():
            ones = torch.ones((1, _CHANNELS, _EDGE, _EDGE), device=device)
            sums = conv2d(ones, torch.ones((_CHANNELS, _CHANNELS, 3, 3), device=device), padding=1)
            right = sums[0, 0, 1, 1].item() == _CHANNELS * 3 * 3
    except (RuntimeError, AssertionError) as error:  # AssertionError: torch without CUDA
        said = (str(error).splitlines() or [type(error).__name__])[0].rstrip(".")
        unknown = "no kernel image" in said or "no longer support" in said
        return f"torch {torch.__version__} has no kernels for the GPU" if unknown else f"the GPU failed ({said})"
    return None if right else "the GPU computes wrong sums"
