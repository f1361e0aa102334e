"""The chroma student's weights as arrays, read and checked without torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .blend_weights import FACTOR, PHASES, TAPS, Convolution, convolution_shapes, float64, read_arrays

NOISE = (2 / 255) ** 2
"""Variance of luma, at its peak 1, below which a guided filter takes it for noise and only smooths."""
GAIN = 4.0
"""Of the head: chroma's detail is faint, and a fresh net must not need long to take all of an offer."""
LOUDNESS_SCALE, LOUDNESS_BIAS = 0.3, 1.2
"""scale · (log(|spectrum| + FLOOR) + bias) is what the guide sees."""


@dataclass(frozen=True)
class ChromaWeights:
    """The weights that a `ChromaStudent` has learned, float64."""

    filters: np.ndarray
    """[K, 9, 9], of chroma."""
    spectra: tuple[Convolution, Convolution]
    """Of chroma and of luma."""
    enter: Convolution
    """Weights [width, 64, 1, 1], for the bands of chroma, their loudnesses, and luma's of both."""
    layers: tuple[Convolution, ...]
    head: Convolution
    """Of each filter, and then of each guided filter."""
    dilations: tuple[int, ...]
    """Of the layers."""
    radii: tuple[int, ...]
    """Of the guided filters, in samples of chroma."""

    @property
    def halo_samples(self) -> int:
        """As `ChromaStudent.halo_samples`."""
        return halo_of(self.dilations, self.radii)

    @classmethod
    def of(cls, state: Mapping[str, np.ndarray]) -> "ChromaWeights | None":
        """The weights in a state dict; None where names or shapes are not those of a chroma student."""
        try:
            bands, width = len(state["chroma_filters"]), len(state["enter.0.bias"])
            radii, dilations = (tuple(map(int, state[name])) for name in ("radii_of_guided", "dilations"))
        except (KeyError, TypeError):
            return None
        wanted: dict[str, tuple[int, ...]] = {
            "chroma_filters": (bands, TAPS, TAPS),
            "radii_of_guided": (len(radii),),
            "dilations": (len(dilations),),
            **convolution_shapes("chroma_spectrum", PHASES, PHASES, 1),
            **convolution_shapes("luma_spectrum", PHASES, PHASES, 1),
            **{f"enter.{part}.weight": (width, PHASES, 1, 1) for part in range(4)},
            "enter.0.bias": (width,),
            **convolution_shapes("head", PHASES * (bands + len(radii)), width, 1),
        }
        for layer in range(len(dilations)):
            wanted |= convolution_shapes(f"layers.{layer}", width, width, 3)
        if {name: array.shape for name, array in state.items()} != wanted:
            return None

        def both(name: str) -> Convolution:
            return float64(state[f"{name}.weight"]), float64(state[f"{name}.bias"])

        enter = np.concatenate([state[f"enter.{part}.weight"] for part in range(4)], axis=1)
        return cls(
            filters=float64(state["chroma_filters"]),
            spectra=(both("chroma_spectrum"), both("luma_spectrum")),
            enter=(float64(enter), float64(state["enter.0.bias"])),
            layers=tuple(both(f"layers.{layer}") for layer in range(len(dilations))),
            head=both("head"),
            dilations=dilations,
            radii=radii,
        )


def halo_of(dilations: tuple[int, ...], radii: tuple[int, ...]) -> int:
    """How far from its aligned 4×4 cell a sample looks, in samples of chroma."""
    return max(FACTOR * sum(dilations), FACTOR, 2 * max(radii, default=0))


def read_chroma_weights(path: Path) -> ChromaWeights | None:
    """The weights in a safetensors file; None where it holds none of a chroma student, or cannot be read."""
    state = read_arrays(path)
    return None if state is None else ChromaWeights.of(state)
