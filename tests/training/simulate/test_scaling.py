"""Scaling gives the same bits whatever the processor can do."""

import ctypes
from pathlib import Path

import av
import numpy as np
import pytest
from vidsharp.training.simulate.draw import FILTERS, HELD_OUT_FILTERS
from vidsharp.training.simulate.scaling import scaled

from tests.training.simulate.moving import moving

LIBRARIES = sorted((Path(av.__file__).parent.parent / "av.libs").glob("libavutil*"))


@pytest.mark.skipif(not LIBRARIES, reason="needs PyAV from a wheel, whose libavutil lies beside it")
@pytest.mark.parametrize("by", [*FILTERS, *HELD_OUT_FILTERS])
def test_same_bits_without_vector_instructions(by: str) -> None:
    library = ctypes.CDLL(str(LIBRARIES[0]))
    (frame,) = moving(1)
    sizes = [(106, 70), (64, 42), (300, 200), (192, 128)]
    with_them = [scaled(frame, *size, by).to_ndarray() for size in sizes]
    library.av_force_cpu_flags(0)
    try:
        without = [scaled(frame, *size, by).to_ndarray() for size in sizes]
    finally:
        library.av_force_cpu_flags(-1)
    for a, b in zip(with_them, without, strict=True):
        np.testing.assert_array_equal(a, b)
