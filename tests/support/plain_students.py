"""Students with random weights, made without torch."""

from functools import partial

import numpy as np
from vidsharp.models.nets.blend_weights import PHASES, TAPS, BlendWeights, Convolution
from vidsharp.models.nets.chroma_weights import ChromaWeights


def plain_student(
    bands: int = 2, width: int = 12, dilations: tuple[int, ...] = (1, 2), seed: int = 0, *, between: bool = False
) -> BlendWeights:
    """A blend student."""
    rng = np.random.default_rng(seed)
    convolution = partial(_convolution, rng)
    return BlendWeights(
        filters=rng.standard_normal((bands, TAPS, TAPS)) / TAPS,
        spectrum=convolution(PHASES, PHASES, 1),
        enter=convolution(width, (4 if between else 2) * PHASES, 1),
        layers=tuple(convolution(width, width, 3) for _ in dilations),
        head=convolution(PHASES * (bands + 1), width, 1),
        dilations=dilations,
        between=convolution(PHASES, PHASES, 1) if between else None,
    )


def plain_chroma_student(
    bands: int = 2,
    width: int = 12,
    dilations: tuple[int, ...] = (1, 4),
    radii: tuple[int, ...] = (8, 2),
    seed: int = 0,
) -> ChromaWeights:
    """A chroma student."""
    rng = np.random.default_rng(seed)
    convolution = partial(_convolution, rng)
    return ChromaWeights(
        filters=rng.standard_normal((bands, TAPS, TAPS)) / TAPS,
        spectra=(convolution(PHASES, PHASES, 1), convolution(PHASES, PHASES, 1)),
        enter=convolution(width, 4 * PHASES, 1),
        layers=tuple(convolution(width, width, 3) for _ in dilations),
        head=convolution(PHASES * (bands + len(radii)), width, 1),
        dilations=dilations,
        radii=radii,
    )


def _convolution(rng: np.random.Generator, out: int, into: int, side: int) -> Convolution:
    """Weights of a size that keeps features within a few times their inputs."""
    weight = rng.standard_normal((out, into, side, side)) / np.sqrt(into * side * side)
    return weight, 0.1 * rng.standard_normal(out)
