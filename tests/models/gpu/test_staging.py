"""Planes lie where they were put, with the values that they had."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.models.gpu.lanes import lanes_of
from vidsharp.models.gpu.staging import Layout, Staging, as_float, codes_like

LANES = lanes_of(torch.device("cpu"))
SHAPES = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=4)


@given(shapes=SHAPES, dtype=st.sampled_from([np.uint8, np.uint16]))
def test_planes_do_not_overlap_and_both_views_agree(shapes: list[tuple[int, int, int]], dtype: type) -> None:
    layout, staging = Layout(tuple(shapes), np.dtype(dtype)), Staging()
    staging.fit(layout.starts[-1], 1, LANES)
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
    staging = Staging()
    staging.fit(9000, 10, LANES)
    before = [memory.data_ptr() for memory in (staging.given_here, staging.made_here)]
    staging.fit(10, 5, LANES)
    staging.fit(9000, 10, LANES)
    assert [memory.data_ptr() for memory in (staging.given_here, staging.made_here)] == before
    staging.fit(10, 20, LANES)
    assert (staging.given_here.numel(), staging.made_there.numel()) == (9000, 20)


@pytest.mark.parametrize(("dtype", "kind"), [(np.uint8, torch.uint8), (np.uint16, torch.int16)])
def test_every_code_survives(dtype: type, kind: torch.dtype) -> None:
    every = np.arange(np.iinfo(dtype).max + 1).astype(dtype)
    layout = Layout((every.shape,), np.dtype(dtype))
    memory = torch.empty(layout.starts[-1], dtype=torch.uint8)
    layout.arrays(memory)[0][...] = every
    codes = layout.tensors(memory)[0]
    assert codes.dtype == kind
    assert torch.equal(codes_like(as_float(codes).to(torch.int32), codes), codes)
