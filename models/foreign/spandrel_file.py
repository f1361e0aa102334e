"""A checkpoint of a network that spandrel knows."""

from collections.abc import Mapping
from importlib import metadata
from pathlib import Path

from torch import Tensor

from ..errors import CheckpointError
from ..nets.networks import NETWORKS
from ..nets.protocol import Domain
from ..wording import one_line
from .same_size_net import SameSizeNet, check_answers

_DOMAINS: dict[int, Domain] = {1: "luma", 3: "rgb"}


def open_spandrel(state: Mapping[str, Tensor], path: Path) -> SameSizeNet:
    """The network whose weights a state dict holds.

    Raises:
        CheckpointError: spandrel does not know it, or is not installed; or it changes the size of pictures, or wants or
            gives something else than a picture.
    """
    try:
        from spandrel import ImageModelDescriptor, ModelLoader, UnsupportedModelError
    except ImportError:
        raise CheckpointError(
            f"{_unknown(state, path)} With spandrel, networks of others are known: pip install 'vidsharp[networks]'."
        ) from None
    try:
        found = ModelLoader(device="cpu").load_from_state_dict(dict(state))
    except UnsupportedModelError:
        raise CheckpointError(f"{_unknown(state, path)} Nor does spandrel know it.") from None
    except Exception as error:  # names that look like a network's, and shapes that do not fit it
        raise CheckpointError(
            f"The checkpoint '{path}' does not fit the network that it looks like: {one_line(error)}."
        ) from error
    name = found.architecture.name
    if not isinstance(found, ImageModelDescriptor):
        raise CheckpointError(f"'{path}' holds {name}, which wants a mask beside the picture; it is not run here.")
    if found.scale != 1:
        raise CheckpointError(
            f"'{path}' holds {name}, which makes pictures {found.scale} times as large; only networks that keep the "
            "picture's size are run here."
        )
    if found.input_channels != found.output_channels or found.input_channels not in _DOMAINS:
        raise CheckpointError(
            f"'{path}' holds {name}, which makes {found.output_channels} channels of {found.input_channels}; only "
            "networks of luma (1) or RGB (3) are run here."
        )
    needs = found.size_requirements
    if needs.square:
        raise CheckpointError(f"'{path}' holds {name}, which takes only square pictures; it is not run here.")
    by = f"spandrel {metadata.version('spandrel')}, {name}"
    net = SameSizeNet(
        str(path),
        lambda x: found(x),
        _DOMAINS[found.input_channels],
        by=by,
        multiple=max(needs.multiple_of, 1),
        minimum=max(needs.minimum, 1),
        module=found.model,
    )
    net.eval()
    check_answers(net)
    return net


def _unknown(state: Mapping[str, Tensor], path: Path) -> str:
    known, some = ", ".join(NETWORKS), ", ".join([*state][:3])
    return f"'{path}' holds none of the networks known here ({known}); its first keys: {some}."
