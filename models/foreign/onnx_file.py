"""An ONNX file as a network, run by ONNX Runtime on the CPU."""

from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ..errors import CheckpointError
from ..nets.protocol import LICENCE_KEYS, Domain
from ..wording import one_line
from .same_size_net import SameSizeNet, check_answers

if TYPE_CHECKING:
    from onnxruntime import InferenceSession

WANTED = "what is run here takes one float picture [1, 1 or 3, height, width] of 0 to 1 and any size, and gives one"
_DOMAINS: dict[int, Domain] = {1: "luma", 3: "rgb"}
_TYPES = {"tensor(float)": torch.float32, "tensor(float16)": torch.float16}


def open_onnx(path: Path) -> SameSizeNet:
    """The network in an ONNX file.

    Raises:
        CheckpointError: ONNX Runtime is not installed, the file cannot be read or is none, or it wants another input or
            gives another output than a picture of the same size.
    """
    session = _session(path)
    inputs, outputs = session.get_inputs(), session.get_outputs()
    if len(inputs) != 1 or not outputs:
        names = ", ".join(value.name for value in inputs)
        raise CheckpointError(f"The network '{path}' takes {len(inputs)} inputs ({names}); {WANTED}.")
    given, shape = inputs[0], list(inputs[0].shape)
    if given.type not in _TYPES or len(shape) != 4 or shape[1] not in _DOMAINS:
        raise CheckpointError(f"The network '{path}' takes {given.type} {_shown(shape)}; {WANTED}.")
    if any(isinstance(side, int) for side in shape[2:]):
        raise CheckpointError(
            f"The network '{path}' takes pictures of {shape[3]}×{shape[2]} only; export it with free height and width."
        )
    dtype, name, made = _TYPES[given.type], given.name, outputs[0].name

    def compute(x: Tensor) -> Tensor:
        array = x.detach().to("cpu", dtype).contiguous().numpy()
        (answer,) = session.run([made], {name: array})
        return torch.from_numpy(answer).to(x.device, torch.float32)

    tags = session.get_modelmeta().custom_metadata_map
    licence = next((tags[key] for key in LICENCE_KEYS if tags.get(key)), None)
    by = f"ONNX Runtime {metadata.version('onnxruntime')}"
    multiple = _multiple(compute, shape[1])
    net = SameSizeNet(str(path), compute, _DOMAINS[shape[1]], by=by, licence=licence, multiple=multiple)
    check_answers(net)
    return net


def _session(path: Path) -> "InferenceSession":
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise CheckpointError(f"There is no checkpoint file at '{path}'.") from None
    except OSError as error:
        raise CheckpointError(f"The checkpoint '{path}' cannot be read: {error.strerror or error}.") from error
    try:
        import onnxruntime
    except ImportError:
        raise CheckpointError(
            f"'{path}' needs ONNX Runtime, which is not installed: pip install 'vidsharp[networks]'."
        ) from None
    options: Any = onnxruntime.SessionOptions()
    options.intra_op_num_threads, options.inter_op_num_threads = torch.get_num_threads(), 1
    options.enable_mem_pattern = False  # pictures have many sizes
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")  # cores are shared with the encoder
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises classes of its own for each kind of damage
        raise CheckpointError(f"'{path}' is no ONNX file that can be run by itself: {one_line(error)}.") from error


def _multiple(compute: Any, channels: int) -> int:
    """The step of sides that it takes: files do not say it, and one that wants a step fails or changes the size."""
    for multiple in (1, 2, 4, 8, 16, 32, 64):
        side = 64 + multiple
        picture = torch.full((1, channels, side, side), 0.5)
        try:
            if compute(picture).shape[-2:] == picture.shape[-2:]:
                return multiple
        except Exception:
            continue
    return 1


def _shown(shape: list[Any]) -> str:
    return f"[{', '.join(str(side) for side in shape)}]"
