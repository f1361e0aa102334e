"""Reads weights from safetensors or torch files without running their code, and fits them strictly into a model."""

import pickle
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load as load_safetensors
from torch import Tensor, nn

from ..errors import CheckpointError
from ..wording import first_few

LAYOUTS = ("model_state_dict", "params_ema", "params", "model", "state_dict")
"""Keys under which trainers put the weights; the averaged ones first where a file holds both."""


def read_state_dict(path: str | Path) -> dict[str, Tensor]:
    """The weights in a checkpoint file, on the CPU, named without a leading `module.`.

    Accepts safetensors, and what `torch.load(weights_only=True)` accepts; the weights may lie at the top or under
    one of `LAYOUTS`.

    Raises:
        CheckpointError: there is no such file, it is no checkpoint, it holds no weights, or it holds pickled code.
    """
    path = Path(path)
    try:
        content = path.read_bytes() if path.suffix == ".safetensors" else None
        loaded: Any = load_safetensors(content) if content is not None else torch.load(path, "cpu", weights_only=True)
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint file at '{path}'.") from None
    except OSError as error:
        raise CheckpointError(f"The checkpoint '{path}' cannot be read: {error.strerror or error}.") from error
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"'{path}' holds more than plain weights (pickled code is never run), or is no checkpoint; "
            "save its state dict alone, best as safetensors."
        ) from error
    except Exception as error:  # on garbage, torch's reader fails in any way that its bytes lead it to
        raise CheckpointError(f"'{path}' is no checkpoint: neither safetensors nor a torch file.") from error
    for layout in LAYOUTS:
        if isinstance(loaded, Mapping) and isinstance(loaded.get(layout), Mapping):
            loaded = loaded[layout]
            break
    if not isinstance(loaded, Mapping) or not loaded or not all(isinstance(v, Tensor) for v in loaded.values()):
        raise CheckpointError(
            f"'{path}' holds no weights: looked for tensors at the top and under {', '.join(LAYOUTS)}."
        )
    return {str(name).removeprefix("module."): value for name, value in loaded.items()}


def load_into(model: nn.Module, state: Mapping[str, Tensor], source: str | Path) -> None:
    """Copies the weights into the model; every name and shape must fit.

    Args:
        source: what to call the checkpoint in an error, usually its path.

    Raises:
        CheckpointError: keys are missing, unexpected or of another shape; says how many, and names the first few.
    """
    wanted = model.state_dict()
    shapes = [
        f"{name} {list(state[name].shape)} for {list(wanted[name].shape)}"
        for name in wanted
        if name in state and state[name].shape != wanted[name].shape
    ]
    problems = [
        _listed("missing", [name for name in wanted if name not in state]),
        _listed("unexpected", [name for name in state if name not in wanted]),
        _listed("of wrong shape", shapes),
    ]
    if any(problems):
        raise CheckpointError(
            f"The checkpoint '{source}' does not fit {type(model).__name__}: {'; '.join(p for p in problems if p)}."
        )
    model.load_state_dict(state)


def _listed(what: str, names: Sequence[str]) -> str:
    return f"{len(names)} {what} ({first_few(names)})" if names else ""
