"""The students by name: how each is built, where its weights lie, and which student a checkpoint file holds.

Torch is imported inside the functions that need it, so that a command line can check a name quickly.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .domain import Domain
from .errors import CheckpointError, ModelError

if TYPE_CHECKING:
    import torch
    from torch import Tensor, nn

WEIGHTS = Path(__file__).parent / "weights"
_SHIPPED = ("fast", "balanced", "reference", "teacher")


@dataclass(frozen=True)
class Student:
    """A network ready to run, and what a caller must know about it."""

    name: str
    net: "nn.Module"
    domain: Domain
    """`luma`: [N, 1, H, W] to the same; `rgb`: [N, 3, H, W] to (the same, None)."""
    halo_px: int
    """Pixels around a tile that its output depends on."""
    align_px: int
    """Tiles must start at multiples of this."""


def student_names() -> tuple[str, ...]:
    """The names of the students that ship with their weights."""
    return _SHIPPED


def student_name(name_or_path: str | Path) -> str:
    """What a student is called: by its shipped name, or as its checkpoint file without the ending."""
    return str(name_or_path) if str(name_or_path) in _SHIPPED else Path(name_or_path).stem


def check_model(name_or_path: str | Path) -> None:
    """Raises unless a shipped name or a checkpoint file with a student's weights is given; torch only for files.

    Raises:
        ModelError: no such name.
        CheckpointError: the file is missing, is no checkpoint, or holds another network.
    """
    path = weights_path(name_or_path)
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint file at '{path}'.")
    if str(name_or_path) not in _SHIPPED:
        load_student(name_or_path)


def weights_path(name_or_path: str | Path) -> Path:
    """Where the weights of a shipped student or a checkpoint lie.

    Raises:
        ModelError: neither a shipped name, nor anything that looks like a path.
    """
    text = str(name_or_path)
    accepted = f"accepted are {', '.join(_SHIPPED)}, or the path of a checkpoint file"
    if text in _SHIPPED:
        return WEIGHTS / f"{text}.safetensors"
    path = Path(text)
    if not path.suffix and not path.is_file() and path.name == text:
        raise ModelError(f"There is no model '{text}'; {accepted}.")
    return path


def weights_digest(name_or_path: str | Path) -> str:
    """SHA-256 of the weights file's bytes, in hexadecimal: tells whether a resumed run has the same model.

    Raises:
        ModelError: no such name.
        CheckpointError: the file cannot be read.
    """
    path = weights_path(name_or_path)
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CheckpointError(f"The checkpoint '{path}' cannot be read: {error.strerror or error}.") from error


def load_student(name_or_path: str | Path, device: "str | torch.device" = "cpu") -> Student:
    """Builds a student, in eval mode on the device, from a shipped name or a checkpoint file.

    Raises:
        ModelError, CheckpointError: as `check_model`, or the weights do not fit.
    """
    from .checkpoint import load_into, read_state_dict

    path = weights_path(name_or_path)
    state = read_state_dict(path)
    net, domain = _build_for(state, path)
    load_into(net, state, path)
    return student_of(student_name(name_or_path), net.eval().to(device), domain)


def student_of(name: str, net: "nn.Module", domain: Domain) -> Student:
    """Wraps a network that states its own `halo_px` and `align_px`."""
    return Student(name, net, domain, int(net.halo_px), int(net.align_px))  # type: ignore[arg-type]


def new_network(kind: str, size: "Mapping[str, Any] | None" = None) -> "nn.Module":
    """An untrained network: `blend` (what `fast` and `balanced` are), `reference` or `swinir` (a teacher).

    Args:
        size: what the network's constructor takes.

    Raises:
        ModelError: no such kind, or a size that it does not take.
    """
    from .blend import BlendStudent
    from .reference import ReferenceStudent
    from .teacher import SwinIRTeacher

    kinds: dict[str, Callable[..., nn.Module]] = {
        "blend": BlendStudent,
        "reference": ReferenceStudent,
        "swinir": SwinIRTeacher.of,
    }
    if kind not in kinds:
        raise ModelError(f"There is no network '{kind}'; accepted are {', '.join(kinds)}.")
    try:
        return kinds[kind](**(size or {}))
    except TypeError as error:
        raise ModelError(f"The network '{kind}' has no such size: {error}.") from error


def _build_for(state: "Mapping[str, Tensor]", path: Path) -> "tuple[nn.Module, Domain]":
    """An untrained network of the kind whose names the state dict holds."""
    if "filters" in state:
        from .blend import BlendStudent

        return BlendStudent.like(state), "luma"
    if any(name.startswith(("encoder.", "resblock.", "decoder.")) for name in state):
        from .reference import ReferenceStudent

        return ReferenceStudent(), "rgb"
    if "conv_first.weight" in state and any(name.startswith("layers.0.residual_group.") for name in state):
        from .teacher import SwinIRTeacher

        teacher = SwinIRTeacher.like(state)
        return teacher, teacher.domain
    some = ", ".join(list(state)[:3])
    raise CheckpointError(
        f"'{path}' holds none of the networks known here (fast, balanced, reference, SwinIR); its first keys: {some}."
    )
