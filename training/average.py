"""The mean of a student's weights and of those that it was trained on to: some of what was learned, less of what was
lost on other material.

    python -m vidsharp.training.average balanced runs/on/weights.safetensors --out balanced.safetensors

It works where one was trained on from the other (Wortsman et al., Model soups, ICML 2022): trainings that began apart
have nothing in common that a mean would keep.
"""

import argparse
from collections.abc import Mapping
from pathlib import Path

from safetensors.torch import save
from torch import Tensor

from ..models.errors import CheckpointError, VidsharpError
from ..models.nets.catalogue import weights_path
from ..models.nets.checkpoint import read_state_dict
from ..pipeline.atomic import write_atomically


def averaged(first: Mapping[str, Tensor], second: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The mean of two state dicts, in their types; what is not of floats, such as dilations, has to be equal.

    Raises:
        CheckpointError: they are not of the same network.
    """
    same = {name: tuple(value.shape) for name, value in first.items()}
    whole = [name for name, value in first.items() if not value.is_floating_point()]
    if same != {name: tuple(value.shape) for name, value in second.items()} or any(
        not first[name].equal(second[name]) for name in whole
    ):
        raise CheckpointError("Only weights of one network and of one size have a mean.")
    return {
        name: value.clone() if name in whole else ((value.double() + second[name].double()) / 2).to(value.dtype)
        for name, value in first.items()
    }


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("student", help="a student that ships, or a checkpoint")
    parser.add_argument("other", help="the same")
    parser.add_argument("--out", type=Path, required=True, help="a .safetensors file")
    args = parser.parse_args()
    try:
        first, second = (read_state_dict(weights_path(name)) for name in (args.student, args.other))
        write_atomically(args.out, save(averaged(first, second)))
    except VidsharpError as error:
        parser.error(str(error))


if __name__ == "__main__":
    main()
