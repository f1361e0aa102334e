"""The students by name: how each is built, where its weights lie, and which student a checkpoint file holds.

Torch is imported inside the functions that need it, so that a command line can check a name quickly.
"""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from ..errors import CheckpointError, ModelError
from .chroma_choice import Chroma, chosen_chroma
from .look import chosen_look
from .networks import NETWORKS, network_in
from .protocol import Domain, HasTwoLooks, offsets_of
from .safetensors_header import read_header

if TYPE_CHECKING:
    import torch
    from torch import nn

    from .protocol import StudentModule

WEIGHTS = Path(__file__).parents[1] / "weights"
EARLIER = WEIGHTS / "earlier"
"""Students of earlier versions, as `NAME-VERSION.safetensors`."""
CHROMA_WEIGHTS = WEIGHTS / "chroma.safetensors"
"""Of the chroma student, which works beside a luma student."""
ONNX_SUFFIX = ".onnx"
AUTO = "auto"
"""The student to take where none is asked for."""
_AUTO_ON_CPU, _AUTO_ON_GPU = "fast", "best"
_SHIPPED = ("fast", "balanced", "best", "reference", "teacher")
_BY_DIGEST = "sha256:"
_FEWEST_DIGITS = 8


@dataclass(frozen=True)
class Student:
    """A network ready to run, and what a caller must know about it."""

    name: str
    net: "StudentModule"
    domain: Domain
    """`luma`: [N, 1, H, W] to the same; `rgb`: [N, 3, H, W] to (the same, None)."""
    halo_px: int
    """Pixels around a tile that its output depends on."""
    align_px: int
    """Tiles must start at multiples of this."""
    look: float | None = None
    """What the network was blended to, of two looks; None where it has what it was trained with."""
    offsets: tuple[int, ...] = (0,)
    """As `offsets_of`: the pictures that it sees together."""


def student_names() -> tuple[str, ...]:
    """The names of the students that ship with their weights."""
    return _SHIPPED


def called(name_or_path: str | Path, *, on_gpu: bool = False) -> str:
    """What is said of a student in a record or a table: as it was asked for, but what `auto` is by its name, which is
    another one where GPUs compute it."""
    if str(name_or_path) == AUTO:
        return _AUTO_ON_GPU if on_gpu else _AUTO_ON_CPU
    return str(name_or_path)


def earlier_names() -> tuple[str, ...]:
    """The names of earlier versions' students, such as `fast-0.1`."""
    return tuple(sorted(path.stem for path in EARLIER.glob("*.safetensors")))


def student_name(name_or_path: str | Path) -> str:
    """A student's name: that of its weights file without the ending, which is a shipped one's name.

    Raises:
        ModelError: as `weights_path`.
    """
    return weights_path(name_or_path).stem


def look_of(name_or_path: str | Path, look: float | None = None) -> float | None:
    """The look that a student has when it is asked for one: None where it has only one. Torch only for torch's files.

    Raises:
        ModelError: as `weights_path` and `chosen_look`.
        CheckpointError: as `read_state_dict`.
    """
    path = weights_path(name_or_path)
    return chosen_look(look, 2 if "crisp.weight" in _names_in(path) else 1, path.stem)


def chroma_of(name_or_path: str | Path, chroma: Chroma | None = None) -> Chroma | None:
    """The choice for chroma beside a student, given what was asked for: None where it makes colour itself.

    Raises:
        ModelError: as `weights_path` and `chosen_chroma`.
        CheckpointError: as `read_state_dict`, or the file holds another network.
    """
    path = weights_path(name_or_path)
    return chosen_chroma(chroma, _domain_of(path), path.stem)


def may_be_fused(name_or_path: str | Path) -> bool:
    """Whether the C library does a student of that kind, where it can.

    Raises:
        ModelError: as `weights_path`.
        CheckpointError: as `read_state_dict`.
    """
    return network_in(_names_in(weights_path(name_or_path))) is NETWORKS["blend"]


def check_model(name_or_path: str | Path) -> None:
    """Raises unless a name or a checkpoint file with a student's weights is given; torch only for users' files.

    Raises:
        ModelError: no such name.
        CheckpointError: the file is missing, is no checkpoint, or holds another network.
    """
    path = weights_path(name_or_path)
    if not path.is_file():
        raise CheckpointError(f"There is no checkpoint file at '{path}'.")
    if path.parent not in (WEIGHTS, EARLIER):
        load_student(name_or_path)


def weights_path(name_or_path: str | Path) -> Path:
    """The file with a student's weights: of a shipped one or an earlier version's by its name, of either by the
    beginning of `weights_digest`, as `sha256:1234abcd`, or else of a checkpoint.

    Raises:
        ModelError: neither such a name, nor anything that looks like a path; or a digest that not exactly one has.
    """
    text = called(name_or_path)
    accepted = f"accepted are {AUTO}, {', '.join(_SHIPPED)}, or the path of a checkpoint file"
    if text.startswith(_BY_DIGEST):
        return _by_digest(text)
    if text in _SHIPPED:
        return WEIGHTS / f"{text}.safetensors"
    if text in earlier_names():
        return EARLIER / f"{text}.safetensors"
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
    return _digest(weights_path(name_or_path))


def chroma_digest() -> str:
    """SHA-256 of the chroma student's weights file, in hexadecimal.

    Raises:
        CheckpointError: the file cannot be read.
    """
    return _digest(CHROMA_WEIGHTS)


def load_student(name_or_path: str | Path, device: "str | torch.device" = "cpu", look: float | None = None) -> Student:
    """Builds a student, in eval mode on the device, from a name or a checkpoint file.

    Args:
        look: of a student that has two, 0 (natural) to 1 (crisp); None: its default.

    Raises:
        ModelError, CheckpointError: as `check_model` and `chosen_look`, or the weights do not fit.
    """
    path = weights_path(name_or_path)
    return at_look(student_of(path.stem, network_of(path).eval().to(device)), look)


def network_of(path: Path) -> "nn.Module":
    """The network in a file, with its weights: one of ours, or a `SameSizeNet` of others.

    Raises:
        CheckpointError: as `check_model`.
    """
    from .checkpoint import load_into, read_state_dict

    if path.suffix == ONNX_SUFFIX:
        from ..foreign.onnx_file import open_onnx

        return open_onnx(path)
    state = read_state_dict(path)
    network = network_in(state)
    if network is None:
        from ..foreign.spandrel_file import open_spandrel

        return open_spandrel(state, path)
    net = network.made_by.like(state)
    load_into(net, state, path)
    return net


def at_look(student: Student, look: float | None) -> Student:
    """The student with one look of two; itself where it has only one.

    Raises:
        ModelError: as `chosen_look`, or it has been given another look before.
    """
    if student.look is not None:
        if look not in (None, student.look):
            raise ModelError(f"The student '{student.name}' was loaded at {student.look:g}, and has no other look now.")
        return student
    chosen = chosen_look(look, student.net.looks, student.name)
    if chosen is None:
        return student
    assert isinstance(student.net, HasTwoLooks)
    return replace(student, net=student.net.with_look(chosen), look=chosen)


def student_of(name: str, net: "nn.Module") -> Student:
    """Wraps a network, which is a `StudentNet`."""
    told = cast("StudentModule", net)
    return Student(name, told, told.domain, told.halo_px, told.align_px, offsets=offsets_of(told))


def channels_of(student: Student) -> int:
    """The number of channels that the network is given: of all pictures that it sees together."""
    return len(student.offsets) * (3 if student.domain == "rgb" else 1)


def new_network(kind: str, size: "Mapping[str, Any] | None" = None) -> "nn.Module":
    """An untrained network of one of the kinds of `NETWORKS`.

    Args:
        size: what the network's class takes.

    Raises:
        ModelError: no such kind, or a size that it does not take.
    """
    if kind not in NETWORKS:
        raise ModelError(f"There is no network '{kind}'; accepted are {', '.join(NETWORKS)}.")
    try:
        return NETWORKS[kind].made_by.of(**(size or {}))
    except CheckpointError:  # a ValueError that says what is wrong already
        raise
    except (TypeError, ValueError) as error:
        raise ModelError(f"The network '{kind}' has no such size: {error}.") from error


def _by_digest(text: str) -> Path:
    """The shipped or earlier weights file whose digest begins as `sha256:…` says; of the same bytes, the shipped one.

    Raises:
        ModelError: too few digits or none that can be, no such file, or several.
    """
    start = text.removeprefix(_BY_DIGEST).lower()
    if len(start) < _FEWEST_DIGITS or set(start) - set("0123456789abcdef"):
        raise ModelError(
            f"'{text}' names no weights; write {_BY_DIGEST} and at least {_FEWEST_DIGITS} hexadecimal digits of their "
            "digest."
        )
    found: dict[str, Path] = {}
    for path in (*sorted(WEIGHTS.glob("*.safetensors")), *sorted(EARLIER.glob("*.safetensors"))):
        if (digest := _digest(path)).startswith(start):
            found.setdefault(digest, path)
    if not found:
        raise ModelError(
            f"No weights that come with this version have a digest that begins with '{start}'; other weights are named "
            "by the path of their file."
        )
    if len(found) > 1:
        names = ", ".join(path.stem for path in found.values())
        raise ModelError(f"The digests of several weights begin with '{start}' ({names}); write more of its digits.")
    return next(iter(found.values()))


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise CheckpointError(f"The checkpoint '{path}' cannot be read: {error.strerror or error}.") from error


def _names_in(path: Path) -> Collection[str]:
    """The names of a checkpoint's weights."""
    if path.suffix == ONNX_SUFFIX:
        return ()
    if path.suffix == ".safetensors" and (names := read_header(path)[0]):
        return [name.removeprefix("module.") for name in names]
    from .checkpoint import read_state_dict

    return read_state_dict(path)


def _domain_of(path: Path) -> Domain:
    """Torch only for torch's files, and for teachers."""
    network = network_in(_names_in(path))
    return (network and network.domain) or cast("StudentModule", network_of(path)).domain
