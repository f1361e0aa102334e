"""What a student that sees several pictures must make of a sequence, worked out from the definition."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.torch import save_file
from vidsharp.models.enhance import Enhancer
from vidsharp.models.nets.catalogue import load_student, student_of
from vidsharp.models.nets.networks import NETWORKS
from vidsharp.models.nets.protocol import Domain
from vidsharp.models.planes.plane_format import PlaneFormat

from tests.support.toy_window import TOY, ToyWindow

Planes = Sequence[np.ndarray]


def registered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Enters the toy in the table of networks, and saves its weights as a checkpoint."""
    monkeypatch.setitem(NETWORKS, "toy", TOY)  # type: ignore[arg-type]
    path = folder / "toy.safetensors"
    save_file(ToyWindow().state_dict(), path)
    assert isinstance(load_student(path).net, ToyWindow)
    return path


def toy(domain: Domain = "luma", **more: Any) -> Enhancer:
    """An enhancer with the toy."""
    net = ToyWindow()
    net.domain = domain
    return Enhancer(student_of("toy", net), **more)


def by_definition(enhancer: Enhancer, pictures: Sequence[Planes], fmt: PlaneFormat) -> list[list[np.ndarray | None]]:
    """What becomes of each of some pictures in a row, the first and last ones of their recording among them."""
    last = len(pictures) - 1

    def window(at: int) -> list[Planes]:
        return [enhancer.read(pictures[min(max(at + offset, 0), last)], fmt) for offset in enhancer.offsets]

    return [enhancer.planes(planes, fmt, window(at)) for at, planes in enumerate(pictures)]
