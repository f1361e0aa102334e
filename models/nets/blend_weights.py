"""A blend student's weights as arrays, read and checked without torch."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load as load_safetensors

from ..errors import ModelError

FACTOR = 4
"""Side of a cell: the student works on planes unshuffled by so much."""
PHASES = FACTOR * FACTOR
TAPS = 2 * FACTOR + 1
"""Side of a filter, the widest that one 3×3 convolution on unshuffled planes can hold."""
FLOOR = 4 / 255
"""One 8-bit step, as the spectrum is scaled: what lies below it is noise."""
SLOPE = 0.1
"""Of the leaky ReLUs below zero."""
CONTRAST = 4
"""Factor of the spectrum: codes of 0..1 differ little from their cell's mean."""
LOUDNESS_SCALE, LOUDNESS_BIAS = 0.3, 1.2
"""scale · log(|spectrum| + FLOOR) + bias, about 0..1.5, is what the guide sees; both are folded into its weights."""

Convolution = tuple[np.ndarray, np.ndarray]
"""Weights [O, I, h, w] and biases [O]."""


@dataclass(frozen=True)
class BlendWeights:
    """The weights that a `BlendStudent` has learned, float64."""

    filters: np.ndarray
    """[K, 9, 9]."""
    spectrum: Convolution
    enter: Convolution
    layers: tuple[Convolution, ...]
    head: Convolution
    """At the student's look."""
    dilations: tuple[int, ...]
    """Of the layers."""
    between: Convolution | None = None
    """Spectrum of what lies between cells, where the guide sees it."""

    @property
    def halo_px(self) -> int:
        """An output pixel depends on no pixel farther from its aligned 4×4 cell than this."""
        return FACTOR * (sum(self.dilations) + (self.between is not None))

    @classmethod
    def of(cls, state: Mapping[str, np.ndarray], look: float = 0.0) -> "BlendWeights | None":
        """The weights in a state dict; None where names or shapes are not those of a blend student.

        Args:
            look: from the head `head`, at 0, to the head `crisp`, at 1.

        Raises:
            ModelError: there is no second head, and the look is not 0.
        """
        try:
            bands, width = len(state["filters"]), len(state["enter.bias"])
            depth = sum(name.startswith("layers.") and name.endswith(".bias") for name in state)
            wanted = {
                "filters": (bands, TAPS, TAPS),
                **convolution_shapes("spectrum", PHASES, PHASES, 1),
                **convolution_shapes("enter", width, 2 * PHASES, 1),
                **convolution_shapes("head", PHASES * (bands + 1), width, 1),
            }
            if "between.weight" in state:
                wanted |= convolution_shapes("between", PHASES, PHASES, 1)
                wanted |= convolution_shapes("enter", width, 4 * PHASES, 1)
            if "crisp.weight" in state:
                wanted |= convolution_shapes("crisp", PHASES * (bands + 1), width, 1)
            for layer in range(depth):
                wanted |= convolution_shapes(f"layers.{layer}", width, width, 3)
            if "dilations" in state:
                wanted["dilations"] = (depth,)
        except (KeyError, TypeError):
            return None
        whole = "dilations" not in state or state["dilations"].dtype.kind in "iu"
        if not depth or not whole or {name: array.shape for name, array in state.items()} != wanted:
            return None

        def both(name: str) -> Convolution:
            return float64(state[f"{name}.weight"]), float64(state[f"{name}.bias"])

        head = both("head")
        if look:
            if "crisp.weight" not in state:
                raise ModelError(f"A student with one head has no look of {look:g}.")
            weight, bias = (blended(*pair, look) for pair in zip(head, both("crisp"), strict=True))
            head = float64(weight), float64(bias)
        return cls(
            filters=float64(state["filters"]),
            spectrum=both("spectrum"),
            enter=both("enter"),
            layers=tuple(both(f"layers.{layer}") for layer in range(depth)),
            head=head,
            dilations=tuple(int(d) for d in state["dilations"]) if "dilations" in state else (1,) * depth,
            between=both("between") if "between.weight" in state else None,
        )


def blended(head: Any, crisp: Any, look: float) -> Any:
    """Weights between those of two heads, arrays or tensors of float64, alike in both to the last bit."""
    return head if look == 0 else crisp if look == 1 else (1 - look) * head + look * crisp


def read_blend_weights(path: Path, look: float = 0.0) -> BlendWeights | None:
    """The weights in a safetensors file; None where it holds none of a blend student, or cannot be read.

    Args:
        look: as `BlendWeights.of` takes it.

    Raises:
        ModelError: as `BlendWeights.of`.
    """
    state = read_arrays(path)
    return None if state is None else BlendWeights.of(state, look)


def read_arrays(path: Path) -> dict[str, np.ndarray] | None:
    """The arrays in a safetensors file, by name; None where it is none, or cannot be read."""
    if path.suffix != ".safetensors":
        return None
    try:
        state = load_safetensors(path.read_bytes())
    except Exception:  # what is wrong with it, `checkpoint.py` says
        return None
    return {name.removeprefix("module."): array for name, array in state.items()}


def convolution_shapes(name: str, out: int, into: int, side: int) -> dict[str, tuple[int, ...]]:
    """The shapes of a convolution's weights and biases."""
    return {f"{name}.weight": (out, into, side, side), f"{name}.bias": (out,)}


def float64(array: np.ndarray) -> np.ndarray:
    """As a network holds it: rounded to float32, whatever the file has."""
    return array.astype(np.float32).astype(np.float64)
