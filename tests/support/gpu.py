"""What tests of the GPU's way share: the mark for those that need one, and students of every kind."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from vidsharp.models.enhance import PlaneFormat
from vidsharp.models.nets.catalogue import Student, student_of
from vidsharp.models.nets.reference import ReferenceStudent

from tests.support.students import random_student

needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")

EIGHT = PlaneFormat(8, full_range=False, matrix="bt709", chroma_left=True)
TEN = replace(EIGHT, bit_depth=10, matrix="bt2020", chroma_left=False)
SIXTEEN = replace(EIGHT, bit_depth=16, full_range=True)
FORMATS = [EIGHT, TEN, SIXTEEN]
NAMES = ["fast", "reference"]
Planes = list[np.ndarray]


def student(name: str) -> Student:
    """An untrained network, with no zero weights where it makes a difference."""
    torch.manual_seed(3)
    if name == "reference":
        return student_of(name, ReferenceStudent().eval())
    return student_of(name, random_student(dilations=(1, 2, 4, 1), depth=4))


def noise(seed: int, size: tuple[int, int], fmt: PlaneFormat = EIGHT) -> Planes:
    """Random 4:2:0 planes."""
    rng = np.random.default_rng(seed)
    half = (-(-size[0] // 2), -(-size[1] // 2))
    kind = np.uint8 if fmt.bit_depth == 8 else np.uint16
    return [rng.integers(0, fmt.peak + 1, shape).astype(kind) for shape in (size, half, half)]


def farthest(one: list[np.ndarray | None], other: list[np.ndarray | None]) -> int:
    """The largest difference in code values; the same planes must be left as they are."""
    steps = [0]
    for a, b in zip(one, other, strict=True):
        assert (a is None) == (b is None)
        if a is not None and b is not None:
            assert (a.dtype, a.shape) == (b.dtype, b.shape)
            steps.append(int(np.abs(a.astype(int) - b.astype(int)).max(initial=0)))
    return max(steps)
