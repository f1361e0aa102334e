"""From the user's word for a device to a torch device, or a plain sentence about why not."""

import re

import torch

from .errors import DeviceError


def resolve_device(name: str) -> torch.device:
    """The device that `auto`, `cpu`, `cuda` or `cuda:N` means on this machine; `auto` takes a GPU when there is one.

    Raises:
        DeviceError: the name is none of these, or asks for a GPU that is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if name == "cpu":
        return torch.device("cpu")
    match = re.fullmatch(r"cuda(?::(\d+))?", name)
    if match is None:
        raise DeviceError(f"'{name}' is no device; accepted are auto, cpu, cuda and cuda:N.")
    count = torch.cuda.device_count() if torch.cuda.is_available() else 0
    if count == 0:
        raise DeviceError(f"Device '{name}' was asked for, but no CUDA GPU is visible here; use --device cpu or auto.")
    if match[1] is not None and int(match[1]) >= count:
        raise DeviceError(f"Device '{name}' was asked for, but the GPUs here are cuda:0 to cuda:{count - 1}.")
    return torch.device(name)
