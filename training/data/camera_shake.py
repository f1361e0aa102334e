"""Motion blur as by a hand that moves the camera while the shutter is open, in linear light.

What a student is to take away in pictures that no line has touched. The way is drawn for each patch; the blur is exact
for pictures that hold nothing over their sampling's limit, whatever the way, since it is made in the Fourier domain.
"""

import cmath
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

SHORTEST_PX, LONGEST_PX = 1.0, 16.0
BEND = 0.3
"""Most that the middle of a way lies beside it, as a share of its length."""
MARGIN_PX = 16
"""Farther than this from its place, no way leads."""
GAMMA = 2.2
NOISE = 1 / 255
"""Most of the standard deviation of the sensor's noise, drawn evenly: without any, a student learns to divide by almost
nothing."""


@dataclass(frozen=True)
class Shake:
    """A way of the camera, in pixels to the right and, times i, down."""

    way: complex
    """From end to end."""
    beside: complex
    """How far the middle lies beside the straight way."""
    noise: float = 0.0
    """Standard deviation, of 1."""

    @cached_property
    def places(self) -> np.ndarray:
        """complex128 [N]: where the picture lies, at even times, two for each pixel; their mean is 0."""
        times = np.linspace(-0.5, 0.5, 2 * round(abs(self.way)) + 3)
        places = times * self.way - 4 * times**2 * self.beside
        return places - places.mean()

    def exposed(self, sharp: Tensor, rng: np.random.Generator) -> Tensor:
        """Pictures as a long exposure sees them, in whole codes of 255; edges are repeated.

        Args:
            sharp: float32 [C, H, W] in 0..1.
            rng: of the noise.
        """
        light = np.pad(sharp.numpy() ** GAMMA, [(0, 0), *[(MARGIN_PX, MARGIN_PX)] * 2], mode="edge")
        height, width = light.shape[1:]
        turns = -2j * np.pi
        down = np.exp(turns * np.outer(np.fft.fftfreq(height), np.imag(self.places)))
        right = np.exp(turns * np.outer(np.real(self.places), np.fft.rfftfreq(width)))
        seen = np.fft.irfft2(np.fft.rfft2(light) * (down @ right) / len(self.places), s=(height, width))
        inner = seen[:, MARGIN_PX:-MARGIN_PX, MARGIN_PX:-MARGIN_PX].clip(0, 1) ** (1 / GAMMA)
        noisy = inner + self.noise * rng.standard_normal(inner.shape)
        return torch.from_numpy((255 * noisy.clip(0, 1)).round() / 255).float()


def draw_shake(rng: np.random.Generator) -> Shake:
    """A shake of any direction, shorter ones as often as longer ones."""
    way = cmath.rect(rng.uniform(SHORTEST_PX, LONGEST_PX), rng.uniform(0, 2 * np.pi))
    return Shake(way, way * 1j * rng.uniform(-BEND, BEND), rng.uniform(0, NOISE))
