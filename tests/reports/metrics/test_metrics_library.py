"""The C library was built, is read as it is laid out, and sums exactly what NumPy does."""

import ctypes
import os
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vidsharp.reports.metrics import frame_metrics as metrics
from vidsharp.reports.metrics.frame_metrics import change, psnr, sharpness
from vidsharp.reports.metrics.metrics_library import Job, library
from vidsharp.reports.metrics.ssim import WINDOW

from tests.reports.hard_planes import KINDS, pair

needs_library = pytest.mark.skipif(not library(), reason="needs the C library and an x86 processor with AVX2")


@pytest.mark.skipif("VIDSHARP_NEEDS_COMPILER" not in os.environ, reason="only CI must have a compiler")
def test_the_library_was_built() -> None:
    assert library() is not None


@needs_library
def test_the_job_is_laid_out_as_the_library_reads_it() -> None:
    metrics = library()
    assert metrics is not None
    assert metrics.vidsharp_metrics_job_bytes() == ctypes.sizeof(Job)


def test_the_window_is_as_long_in_c_as_in_python() -> None:
    header = Path(metrics.__file__).with_name("metrics.h").read_text("utf-8")
    assert re.findall(r"#define METRICS_WINDOW (\d+)", header) == [str(WINDOW)]


@needs_library
@given(kind=st.sampled_from(KINDS), height=st.integers(3, 40), width=st.integers(3, 80), seed=st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_sums_are_numpys(kind: str, height: int, width: int, seed: int) -> None:
    assert_the_same(*pair(kind, height, width, 8, seed))


@needs_library
@pytest.mark.parametrize("width", [2047, 2048, 2049, 2050, 2051, 4097, 8192])
def test_no_sum_overflows(width: int) -> None:
    x = np.zeros((9, width), np.uint8)
    x[::2, ::2] = x[1::2, 1::2] = 255
    assert_the_same(x, 255 - x)


def assert_the_same(x: np.ndarray, y: np.ndarray) -> None:
    by_library = psnr(x, y, 8), change(x, y, 8), sharpness(x, 8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(metrics, "library", lambda: None)
        assert (psnr(x, y, 8), change(x, y, 8), sharpness(x, 8)) == by_library
