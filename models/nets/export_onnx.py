"""A student as an ONNX file: what any ONNX runtime needs to give its pictures.

The file holds the network alone: strength is for whoever runs it (out = in + S·(network − in)), as are tiles and code
values. It takes and gives float32 [N, 1 or 3, H, W] of 0 to 1, of any size.
"""

import warnings
from importlib import metadata
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn

from ..errors import ModelError
from .catalogue import Student, channels_of, load_student, weights_digest
from .licence import licence_of
from .protocol import OfOthers

OPSET = 17
"""Of 2022: ONNX Runtime 1.12 and most converters know it."""
INPUT, OUTPUT = "picture", "sharpened"


class _Alone(nn.Module):
    """A network that gives its picture, and nothing beside it."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net

    def forward(self, x: Tensor) -> Tensor:
        made = self.net(x)
        return made[0] if isinstance(made, tuple) else made


def onnx_of(name_or_path: str | Path, look: float | None = None) -> bytes:
    """The content of an ONNX file with a student at a look; beside its weights, it says whose they are.

    Raises:
        ModelError: the package `onnx` is not installed, or the network is one of others, or sees several pictures.
        ModelError, CheckpointError: as `load_student`.
    """
    student = load_student(name_or_path, look=look)
    if isinstance(student.net, OfOthers) or len(student.offsets) > 1:
        what = "sees several pictures at once" if len(student.offsets) > 1 else "is not one of ours"
        raise ModelError(f"The network '{student.name}' {what}; students that see one picture can be exported.")
    try:
        import onnx
    except ImportError:
        raise ModelError("Exporting needs the package onnx: pip install 'vidsharp[networks]'.") from None
    model = onnx.load_from_string(_traced(student))
    tags = {
        "vidsharp": metadata.version("vidsharp"),
        "student": student.name,
        "sha256": weights_digest(name_or_path),
        "licence": licence_of(name_or_path),
        "planes": student.domain,
        **({} if student.look is None else {"look": f"{student.look:g}"}),
    }
    onnx.helper.set_model_props(model, tags)
    onnx.checker.check_model(model)
    return model.SerializeToString()


@torch.no_grad()
def _traced(student: Student) -> bytes:
    """The network's steps, noted down on one picture, with sides that stay free."""
    picture = torch.rand((1, channels_of(student), 64, 96), generator=torch.Generator().manual_seed(0))
    free = {0: "pictures", 2: "height", 3: "width"}
    with (
        TemporaryDirectory() as folder,
        warnings.catch_warnings(),
    ):  # of steps that would be fixed: the parity test tries other sizes
        warnings.simplefilter("ignore")
        path = Path(folder) / "traced.onnx"
        torch.onnx.export(
            _Alone(student.net).eval(),
            (picture,),
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=[INPUT],
            output_names=[OUTPUT],
            dynamic_axes={INPUT: free, OUTPUT: free},
        )
        return path.read_bytes()
