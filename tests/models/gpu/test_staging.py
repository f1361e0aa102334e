"""Planes lie where they were put, with the values that they had."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.models.gpu.staging import Layout, Staging, as_float, codes_like

CPU = torch.device("cpu")
SHAPES = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=4)


@given(shapes=SHAPES, dtype=st.sampled_from([np.uint8, np.uint16]))
def test_planes_do_not_overlap_and_both_views_agree(shapes: list[tuple[int, int, int]], dtype: type) -> None:
    layout, staging = Layout(tuple(shapes), np.dtype(dtype)), Staging(CPU)
    staging.fit(layout)
    arrays, tensors = layout.arrays(staging.given_here), layout.tensors(staging.given_here)
    most = int(np.iinfo(dtype).max)
    for number, array in enumerate(arrays):
        array[...] = most - number
    for number, (shape, array, tensor) in enumerate(zip(shapes, arrays, tensors, strict=True)):
        assert array.shape == tuple(tensor.shape) == shape
        assert array.dtype == dtype
        assert (array == most - number).all()
        np.testing.assert_array_equal(as_float(tensor).numpy(), array)


def test_memory_grows_and_stays() -> None:
    staging, large, small = Staging(CPU), *(Layout(((n, 9, 7),), np.dtype(np.uint8)) for n in (90, 3))
    staging.fit(large)
    before = staging.given_here.data_ptr()
    staging.fit(small)
    staging.fit(large)
    assert staging.given_here.data_ptr() == before


@pytest.mark.parametrize(("dtype", "kind"), [(np.uint8, torch.uint8), (np.uint16, torch.int16)])
def test_every_code_survives(dtype: type, kind: torch.dtype) -> None:
    every = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    layout = Layout((every.shape,), np.dtype(dtype))
    memory = torch.empty(layout.starts[-1], dtype=torch.uint8)
    layout.arrays(memory)[0][...] = every
    codes = layout.tensors(memory)[0]
    assert codes.dtype == kind
    assert torch.equal(codes_like(as_float(codes).to(torch.int32), codes), codes)
