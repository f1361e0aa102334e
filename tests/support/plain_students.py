"""Blend students with random weights, made without torch."""

import numpy as np
from vidsharp.models.nets.blend_weights import PHASES, TAPS, BlendWeights, Convolution


def plain_student(bands: int = 2, width: int = 12, dilations: tuple[int, ...] = (1, 2), seed: int = 0) -> BlendWeights:
    """Weights of a size that keeps features within a few times their inputs."""
    rng = np.random.default_rng(seed)

    def convolution(out: int, into: int, side: int) -> Convolution:
        weight = rng.standard_normal((out, into, side, side)) / np.sqrt(into * side * side)
        return weight, 0.1 * rng.standard_normal(out)

    return BlendWeights(
        filters=rng.standard_normal((bands, TAPS, TAPS)) / TAPS,
        spectrum=convolution(PHASES, PHASES, 1),
        enter=convolution(width, 2 * PHASES, 1),
        layers=tuple(convolution(width, width, 3) for _ in dilations),
        head=convolution(PHASES * (bands + 1), width, 1),
        dilations=dilations,
    )
