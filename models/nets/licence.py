"""A network's licence: what its card or its file says."""

from pathlib import Path

from .card import read_card
from .catalogue import EARLIER, WEIGHTS, network_of, weights_path
from .protocol import LICENCE_KEYS, OfOthers
from .safetensors_header import read_header

UNKNOWN = "not stated in its file"
OURS = "Apache-2.0"
"""Of earlier versions' students, which have no card any more."""


def licence_of(name_or_path: str | Path) -> str:
    """The licence of a network; `UNKNOWN` where its file does not say it.

    Raises:
        ModelError, CheckpointError: as `weights_path` and `load_student`.
    """
    path = weights_path(name_or_path)
    if path.parent == WEIGHTS:
        return read_card(path.stem).licence or OURS
    if path.parent == EARLIER:
        return OURS
    return _said_by(path) or UNKNOWN


def _said_by(path: Path) -> str | None:
    if path.suffix == ".onnx":
        net = network_of(path)
        return net.licence if isinstance(net, OfOthers) else None
    if path.suffix == ".safetensors":
        _, tags = read_header(path)
        return next((tags[key] for key in LICENCE_KEYS if tags.get(key)), None)
    return None
