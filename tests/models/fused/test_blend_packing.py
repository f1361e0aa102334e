"""Weights as integers: as fine as 16 and 32 bits allow and never beyond, and a unit in which features fit."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from vidsharp.models.fused.blend_packing import _features, _guide_of, _integers, _pair_taps, _trial, packed
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.models.nets.catalogue import load_student

from tests.support.students import random_student


@given(
    seed=st.integers(0, 2**32 - 1),
    shape=st.sampled_from([(1, 9, 9), (8, 16, 3, 3), (16, 48, 3, 3), (8, 16, 1, 1), (3, 1)]),
    scale=st.floats(1e-6, 1e6),
    largest=st.sampled_from([255, 1023, 4095, 32767, 32768]),
    flat=st.booleans(),
)
def test_no_sum_of_products_leaves_32_bits(
    seed: int, shape: tuple[int, ...], scale: float, largest: int, flat: bool
) -> None:
    weight = np.random.default_rng(seed).normal(0, scale, shape)
    if flat:
        weight -= weight.mean(axis=tuple(range(1, weight.ndim)), keepdims=True)
    made, rows = _integers(weight, largest, flat_is_nothing=flat), len(weight)
    integers = made.integers.reshape(rows, -1)
    assert np.abs(integers).max() <= 32767
    assert (np.abs(integers).sum(axis=1) * largest < 2**31).all()
    error = integers / made.scale[:, None] - weight.reshape(rows, -1)
    if flat:
        assert (integers.sum(axis=1) == 0).all()
    beyond_half = np.abs(error) * made.scale[:, None] > 0.5001
    assert (beyond_half.sum(axis=1) <= flat).all(), "one weight of each output brings their sum back to zero"


def test_integers_are_fine() -> None:
    weight = np.random.default_rng(0).normal(0, 1, (16, 16, 3, 3))
    made = _integers(weight, 32767)
    np.testing.assert_allclose(made.integers / made.scale[:, None, None, None], weight, atol=1e-3)


def test_a_fresh_students_zeros_are_packed_as_zeros() -> None:
    arrays = packed(BlendStudent().as_arrays(), 255, 1.0).arrays
    assert all(np.isfinite(array).all() for array in arrays.values())
    assert not arrays["head"].any()
    assert not arrays["head_bias"].any()


@pytest.mark.parametrize("name", ["fast", "balanced"])
def test_features_are_torchs(name: str) -> None:
    net = load_student(name).net
    assert isinstance(net, BlendStudent)
    seen: list[np.ndarray] = []
    for part in (*net.layers, net.features):
        part.register_forward_pre_hook(lambda _, given: seen.append(given[0][0].numpy().copy()))
    luma = _trial()
    with torch.inference_mode():
        net(torch.from_numpy(luma).float()[None, None])
    made = _features(_guide_of(net.as_arrays(), 255), [luma])
    for mine, torchs in zip(made, seen, strict=True):
        np.testing.assert_allclose(mine, torchs, atol=1e-4)


def test_larger_features_get_a_smaller_unit() -> None:
    weights = random_student().as_arrays()
    larger = replace(weights, enter=(16 * weights.enter[0], 16 * weights.enter[1]))
    one, other = (packed(each, 255, 1.0).arrays["enter"] for each in (weights, larger))
    assert 0.5 <= np.abs(other).max() / np.abs(one).max() <= 2


def test_pairs_of_taps_meet_the_pixels_that_they_belong_to() -> None:
    """Column c of a cell sees, of the 12 columns of three cells, those from c to c + 8."""
    taps = np.arange(1, 82).reshape(1, 9, 9)
    pairs = _pair_taps(taps)
    columns = np.stack([pairs << 16 >> 16, pairs >> 16], axis=3).reshape(1, 9, 12, 4)
    for c in range(4):
        np.testing.assert_array_equal(columns[:, :, c : c + 9, c], taps)
        assert np.count_nonzero(columns[..., c]) == taps.size
