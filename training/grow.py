"""A larger student that starts as a trained smaller one: what this knows need not be learned again.

    python -m vidsharp.training.grow fast-0.1 --recipe fast --out grown.safetensors

New layers and channels add nothing yet, new filters have no weight, and a crisp look that was not there begins as the
natural one, so that the larger student gives the same pictures (Net2Net, Chen, Goodfellow and Shlens, ICLR 2016).
`vidsharp train student --start grown.safetensors` continues from there. What looks between cells is slow to be listened
to from nothing: with `--share 0.3` it begins with so much of what the first layer hears of cells, and pictures change.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from ..models.errors import VidsharpError
from ..models.nets.blend import BlendStudent
from ..models.nets.blend_weights import PHASES
from ..models.nets.catalogue import network_of, weights_path
from ..pipeline.atomic import write_atomically
from .errors import RecipeError
from .recipe import read_recipe


@torch.no_grad()
def grown(small: BlendStudent, size: Mapping[str, Any], share: float = 0.0) -> BlendStudent:
    """A student of a size that gives what a smaller one gives.

    Args:
        small: with one look or two.
        size: what `BlendStudent` takes: at least as many looks, channels, bands and spectra, and the dilations of the
            smaller one in their order, with others between them.
        share: of the first layer's weights for cells, moved to those for what lies between them.

    Raises:
        RecipeError: the smaller student does not fit into that size.
    """
    large = BlendStudent(**size)
    width = small.enter.out_channels
    inputs = small.enter.in_channels
    fits = width <= large.enter.out_channels and inputs <= large.enter.in_channels
    if not fits or small.looks > large.looks or small.bands > large.bands:
        raise RecipeError("A student grows only to as many looks, channels, bands and spectra as it has, or more.")
    large.spectrum.load_state_dict(small.spectrum.state_dict())
    if large.between is not None:
        large.between.load_state_dict((small.between or small.spectrum).state_dict())
    large.filters[: small.bands] = small.filters
    large.enter.get_parameter("bias")[:width] = small.enter.get_parameter("bias")
    large.enter.weight[:width, :inputs] = small.enter.weight
    large.enter.weight[:width, inputs:] = 0
    if large.between is not None:
        of_cells, of_between = large.enter.weight.chunk(2, dim=1)
        of_between += share * of_cells
        of_cells *= 1 - share
    places = _places(_dilations(small), _dilations(large))
    for number, layer in enumerate(large.layers):
        for name, wide in layer.named_parameters():
            wide[:width] = 0  # what is there already sees nothing of what is added
            if number in places:
                narrow = small.layers[places.index(number)].get_parameter(name)
                wide[tuple(slice(n) for n in narrow.shape)] = narrow
    for name, narrow in small.head.named_parameters():
        _put(large.head.get_parameter(name), narrow, width)
        if large.crisp is not None:
            _put(large.crisp.get_parameter(name), (small.crisp or small.head).get_parameter(name), width)
    return large


def _put(wide: Tensor, narrow: Tensor, width: int) -> None:
    """A smaller last layer's weights or bias into a larger one's: of its filters' weights, and of its offsets."""
    bands = narrow.shape[0] - PHASES
    wide[:] = 0
    for there, here in ((wide[:bands], narrow[:bands]), (wide[-PHASES:], narrow[bands:])):
        (there[:, :width] if there.dim() > 1 else there)[:] = here


def _dilations(student: BlendStudent) -> list[int]:
    return [layer.dilation[0] for layer in student.layers]  # type: ignore[union-attr]


def _places(small: Sequence[int], large: Sequence[int]) -> list[int]:
    """Where the dilations of one student lie among those of another, as early as they can."""
    places, start = [], 0
    for dilation in small:
        if dilation not in large[start:]:
            raise RecipeError(f"Layers with the dilations {list(small)} do not lie among {list(large)} in this order.")
        places.append(large.index(dilation, start))
        start = places[-1] + 1
    return places


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("student", help="a student that ships, or a checkpoint")
    parser.add_argument("--recipe", required=True, help="of the larger one")
    parser.add_argument("--out", type=Path, required=True, help="a .safetensors file")
    parser.add_argument("--share", type=float, default=0.0, help="0 to 1, for students that look between cells [0]")
    args = parser.parse_args()
    try:
        # As it lies in its file, with both looks; `load_student` would choose one.
        small, recipe = network_of(weights_path(args.student)), read_recipe(args.recipe)
        if recipe.network != "blend" or not isinstance(small, BlendStudent):
            raise RecipeError("Only students that blend filters grow.")
        state: dict[str, Tensor] = {
            k: v.contiguous() for k, v in grown(small, recipe.size, args.share).state_dict().items()
        }
        write_atomically(args.out, save(state))
    except VidsharpError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
