"""A larger student that starts as a trained smaller one: what this knows need not be learned again.

    python -m vidsharp.training.grow fast-0.1 --recipe fast --out grown.safetensors

New layers add nothing yet, new filters have no weight, and the crisp look begins as the natural one, so that the
larger student gives the same pictures (Net2Net, Chen, Goodfellow and Shlens, ICLR 2016). `vidsharp train student
--start grown.safetensors` continues from there.
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
from ..models.nets.catalogue import load_student
from ..pipeline.atomic import write_atomically
from .errors import RecipeError
from .recipe import read_recipe


@torch.no_grad()
def grown(small: BlendStudent, size: Mapping[str, Any]) -> BlendStudent:
    """A student of a size that gives what a smaller one gives.

    Args:
        small: with one look.
        size: what `BlendStudent` takes: the same width, at least as many bands, and the dilations of the smaller one in
            their order, with others between them.

    Raises:
        RecipeError: the smaller student does not fit into that size.
    """
    large = BlendStudent(**size)
    if small.looks != 1 or small.enter.out_channels != large.enter.out_channels or small.bands > large.bands:
        raise RecipeError("Only a student of one look, of the same width and of no more bands, grows to that size.")
    for name in ("spectrum", "enter"):
        large.get_submodule(name).load_state_dict(small.get_submodule(name).state_dict())
    large.filters[: small.bands] = small.filters
    places = _places(_dilations(small), _dilations(large))
    for number, layer in enumerate(large.layers):
        if number in places:
            layer.load_state_dict(small.layers[places.index(number)].state_dict())
        else:
            for parameter in layer.parameters():
                parameter.zero_()
    bands = small.bands * PHASES
    for head in (large.head, large.crisp):
        for name, wide in () if head is None else head.named_parameters():
            narrow = small.head.get_parameter(name)
            wide[:bands], wide[bands:-PHASES], wide[-PHASES:] = narrow[:bands], 0, narrow[bands:]
    return large


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
    args = parser.parse_args()
    try:
        small, recipe = load_student(args.student).net, read_recipe(args.recipe)
        if recipe.network != "blend" or not isinstance(small, BlendStudent):
            raise RecipeError("Only students that blend filters grow.")
        state: dict[str, Tensor] = {k: v.contiguous() for k, v in grown(small, recipe.size).state_dict().items()}
        write_atomically(args.out, save(state))
    except VidsharpError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
