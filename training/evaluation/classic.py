"""The two classic sharpeners that every student is compared with, on luma.

Their defaults gain the most on training pairs of the levels light, medium and heavy (z = PSNR gain / 1 dB + SSIM gain /
0.01), as `python benchmarks/quality/tune_classic.py CACHE` found. Nothing was tuned on pictures that students are
judged by.
"""

import numpy as np
from skimage.filters import gaussian


def unsharp_mask(luma: np.ndarray, amount: float = 0.4, sigma: float = 1.7) -> np.ndarray:
    """in + amount · (in − Gaussian blur).

    Args:
        luma: uint8 [H, W].
        sigma: of the blur, in pixels.

    Returns:
        uint8 [H, W], rounded half up.
    """
    y = luma.astype(np.float32)
    return _to_codes(y + amount * (y - gaussian(y, sigma, mode="nearest", preserve_range=True)))


def cas(luma: np.ndarray, strength: float = 0.5) -> np.ndarray:
    """Contrast adaptive sharpening (AMD FidelityFX CAS) in the form of FFmpeg's filter of that name (vf_cas.c).

    Args:
        luma: uint8 [H, W].
        strength: 0..1.

    Returns:
        uint8 [H, W], rounded half up.
    """
    y = np.pad(luma.astype(np.float32), 1, mode="edge")
    height, width = luma.shape
    near = [y[r : r + height, c : c + width] for r in range(3) for c in range(3)]
    cross = np.stack([near[i] for i in (1, 3, 4, 5, 7)])
    square = np.stack(near)
    low = cross.min(axis=0) + square.min(axis=0)
    high = cross.max(axis=0) + square.max(axis=0)
    amplitude = np.sqrt(np.clip(np.minimum(low, 511 - high) / np.maximum(high, 1), 0, 1))
    weight = amplitude / -(16 + (4.01 - 16) * strength)
    return _to_codes(((near[1] + near[3] + near[5] + near[7]) * weight + near[4]) / (1 + 4 * weight))


def _to_codes(y: np.ndarray) -> np.ndarray:
    return np.clip(np.floor(y + 0.5), 0, 255).astype(np.uint8)
