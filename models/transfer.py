"""Planes on their way to a device and back: as the integers that they are, a quarter of the bytes of floats."""

import numpy as np
import torch
from torch import Tensor


def upload(plane: np.ndarray, device: torch.device) -> Tensor:
    """A plane, uint8 or uint16 [H, W] with rows possibly padded, as float32 of the same values on `device`.

    To a GPU it goes through page-locked memory, so that the copy can run while the GPU works on something else.
    """
    codes = torch.from_numpy(plane if plane.flags.writeable else plane.copy())  # torch warns of what is read-only
    if device.type == "cuda":
        codes = codes.pin_memory().to(device, non_blocking=True)
    return codes.float()


def download(codes: Tensor, dtype: np.dtype) -> np.ndarray:
    """Integers [H, W] on any device as a plane: they are made small there, and then travel.

    Args:
        dtype: uint8 or uint16, which holds all of the values.
    """
    small = codes.to(torch.uint8 if dtype == np.uint8 else torch.uint16)
    return small.cpu().numpy()
