"""Planes to tensors on the CPU and back; for a GPU, see `staging.py`."""

import numpy as np
import torch
from torch import Tensor


def upload(plane: np.ndarray) -> Tensor:
    """A plane, uint8 or uint16 [H, W] with rows possibly padded, as float32 of the same values."""
    codes = torch.from_numpy(plane if plane.flags.writeable else plane.copy())  # torch warns of what is read-only
    return codes.float()


def download(codes: Tensor, dtype: np.dtype) -> np.ndarray:
    """Integers [H, W] as a plane.

    Args:
        dtype: uint8 or uint16, which holds all of the values.
    """
    return codes.to(torch.uint8 if dtype == np.uint8 else torch.uint16).numpy()
