"""A student written as an ONNX file."""

from pathlib import Path

from ...models.nets.catalogue import student_name
from ...pipeline.atomic import make_folder, write_atomically
from ..config import UsageError


def export(model: str, out: Path | None = None, look: float | None = None, *, overwrite: bool = False) -> Path:
    """Writes a student at a look, and returns the file.

    Args:
        out: None: the student's name, in the working folder.
        overwrite: also replaces a file that is there.

    Raises:
        UsageError: the file is there already, or would not be known by its name.
        ModelError, CheckpointError: as `onnx_of`.
        OutputError: it cannot be written.
    """
    path = out or Path(f"{student_name(model)}.onnx")
    if path.suffix != ".onnx":
        raise UsageError(f"--out {path} does not end in .onnx, by which --model would know it; call it so")
    if path.exists() and not overwrite:
        raise UsageError(f"{path} is there already; choose another --out, or say --overwrite to replace it")
    from ...models.nets.export_onnx import onnx_of

    content = onnx_of(model, look)
    make_folder(path.parent)
    write_atomically(path, content)
    return path
