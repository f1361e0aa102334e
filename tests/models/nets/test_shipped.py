"""The weights that ship beat doing nothing on a photo that they were never trained on."""

from typing import Any

import numpy as np
import pytest
from skimage import data
from skimage.color import rgb2gray
from skimage.metrics import peak_signal_noise_ratio, structural_similarity
from vidsharp.models.enhance import Enhancer
from vidsharp.models.nets.catalogue import student_names
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.training.simulate.call import simulate_frames

FORMAT = PlaneFormat(8, full_range=False, matrix="bt601", chroma_left=True)


def luma_planes() -> list[np.ndarray]:
    """Twelve uint8 [272, 384] pictures: a slow pan over a photo of a cup, which is a validation source."""
    grey = (rgb2gray(data.coffee()) * 219 + 16).round().astype(np.uint8)
    return [grey[60 : 60 + 272, 100 + i // 2 : 484 + i // 2] for i in range(12)]


def _ssim(a: np.ndarray, b: np.ndarray) -> float:
    """SSIM of Wang et al. 2004."""
    score: Any = structural_similarity(
        a, b, data_range=255, gaussian_weights=True, sigma=1.5, use_sample_covariance=False
    )
    return float(score)


@pytest.mark.parametrize("name", student_names())
def test_beats_identity_on_light_and_medium_calls(name: str) -> None:
    enhancer = Enhancer(name)
    sharp = luma_planes()
    psnr_gain, ssim_gain = [], []
    for level in ("light", "medium"):
        soft = simulate_frames([np.stack([p] * 3, axis=-1) for p in sharp], level, seed=5)
        for index in (6, 11):
            frame = soft[index]
            assert isinstance(frame, np.ndarray)
            before = np.ascontiguousarray(frame[..., 1])
            grey = np.full((136, 192), 128, np.uint8)
            after = enhancer.planes([before, grey, grey], FORMAT)[0]
            assert after is not None
            psnrs = [float(peak_signal_noise_ratio(sharp[index], p, data_range=255)) for p in (before, after)]
            ssims = [_ssim(sharp[index], p) for p in (before, after)]
            psnr_gain.append(psnrs[1] - psnrs[0])
            ssim_gain.append(ssims[1] - ssims[0])
    assert np.mean(psnr_gain) > 0
    assert np.mean(ssim_gain) > 0
