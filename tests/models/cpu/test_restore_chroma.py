"""Frames' chroma in codes: any depth and subsampling, strips without a seam, grey untouched, nothing over the peak."""

import numpy as np
import pytest
import torch
from vidsharp.models.cpu import restore_chroma as module
from vidsharp.models.cpu.restore_chroma import luma_on_chroma_grid, restore_chroma
from vidsharp.models.errors import ModelError
from vidsharp.models.nets.chroma import ChromaStudent, load_chroma
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.models.planes.subsampling import subsampling

from tests.support.students import random_chroma_student

LAYOUTS = [(2, 2), (1, 2), (1, 1), (2, 1), (1, 4), (4, 4)]


def fmt_of(bits: int) -> PlaneFormat:
    return PlaneFormat(bits, full_range=False, matrix="bt601", chroma_left=True)


def frame(height: int, width: int, factors: tuple[int, int] = (2, 2), bits: int = 8, seed: int = 0) -> list[np.ndarray]:
    """[Y, Cb, Cr] of noise over all codes."""
    rng, kind = np.random.default_rng(seed), np.uint8 if bits == 8 else np.uint16
    shape = (-(-height // factors[0]), -(-width // factors[1]))
    return [rng.integers(0, 1 << bits, of, dtype=kind) for of in ((height, width), shape, shape)]


@pytest.mark.parametrize("factors", LAYOUTS)
@pytest.mark.parametrize("bits", [8, 10, 16])
def test_fresh_student_gives_new_planes_of_the_same_codes(factors: tuple[int, int], bits: int) -> None:
    for size in [(1, 1), (3, 5), (37, 50)]:
        planes = frame(*size, factors, bits)
        made = restore_chroma(planes, fmt_of(bits), ChromaStudent())
        for ours, theirs in zip(made, planes[1:], strict=True):
            assert ours is not theirs
            assert ours.dtype == theirs.dtype
            np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("factors", LAYOUTS)
def test_codes_are_what_forward_says_rounded_half_up_within_the_peak(factors: tuple[int, int]) -> None:
    planes, net = frame(41, 53, factors, 10), random_chroma_student()
    before = [plane.copy() for plane in planes]
    luma, cb, cr = (torch.from_numpy(plane.astype(np.float32)) for plane in planes)
    out = net((torch.stack([cb, cr])[None] - 512) / 1023, luma_on_chroma_grid(luma[None, None], factors) / 1023)
    expected = (out[0] * 1023 + 512.5).floor().clamp(0, 1023)
    made = restore_chroma(planes, fmt_of(10), net)
    np.testing.assert_array_equal(np.stack(made), expected.numpy())
    assert np.stack(made).max() == 1023  # noise over all codes goes beyond the peak somewhere
    assert np.stack(made).min() == 0
    assert any((ours != theirs).any() for ours, theirs in zip(made, planes[1:], strict=True))
    for ours, theirs in zip(planes, before, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("size", [(210, 61), (203, 64)])
@pytest.mark.parametrize("factors", [(2, 2), (1, 2), (4, 4)])
def test_strips_change_no_bit(size: tuple[int, int], factors: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    planes, net = frame(*size, factors), random_chroma_student()
    whole = restore_chroma(planes, fmt_of(8), net)
    monkeypatch.setattr(module, "STRIP_SAMPLES", 1)
    strips = len(list(module._strips(planes[1].shape, net)))
    assert strips == -(-planes[1].shape[0] // (2 * net.halo_samples))
    np.testing.assert_array_equal(np.stack(restore_chroma(planes, fmt_of(8), net)), np.stack(whole))


def test_strips_are_bounded_whatever_the_height() -> None:
    net = ChromaStudent()
    for shape in [(100_000, 960), (5_000, 1), (40, 1_000_000)]:
        rows = [last - first for _, _, first, last in module._strips(shape, net)]
        assert max(rows) <= max(module.STRIP_SAMPLES // shape[1], 2 * net.halo_samples) + 3 + 2 * net.halo_samples


def test_grey_pictures_stay_grey_with_the_weights_that_ship() -> None:
    for bits in (8, 10):
        luma = frame(60, 80, bits=bits)[0]
        grey = np.full((30, 40), 1 << (bits - 1), luma.dtype)
        for plane in restore_chroma([luma, grey, grey], fmt_of(bits), load_chroma()):
            np.testing.assert_array_equal(plane, grey)


def test_shipped_weights_steepen_smeared_colour() -> None:
    """A disc of colour, blurred far more than its luma, as a low-bandwidth link leaves it."""
    y, x = np.mgrid[:96, :96] * 1.0
    distance = np.hypot(y - 48, x - 48)
    sharp = 128 + 40 / (1 + np.exp((distance - 24) / 0.5))
    smeared = (128 + 40 / (1 + np.exp((distance - 24) / 2.5))).round().astype(np.uint8)
    luma = np.kron(60 + 100 / (1 + np.exp((distance - 24) / 0.5)), np.ones((2, 2))).round().astype(np.uint8)
    made = restore_chroma([luma, smeared, 255 - smeared], fmt_of(8), load_chroma())
    errors = [float(((plane - sharp) ** 2).mean()) for plane in (smeared, made[0])]
    assert errors[1] < 0.8 * errors[0]


def test_padded_and_read_only_planes_serve_and_alpha_is_let_be() -> None:
    planes, net = frame(30, 44), random_chroma_student()
    wide = [np.pad(plane, ((0, 0), (0, 7)))[:, : plane.shape[1]] for plane in planes]
    for plane in wide:
        plane.flags.writeable = False
    made = restore_chroma([*wide, planes[0]], fmt_of(8), net)
    np.testing.assert_array_equal(np.stack(made), np.stack(restore_chroma(planes, fmt_of(8), net)))
    assert all(plane.flags.c_contiguous and plane.flags.writeable for plane in made)


@pytest.mark.parametrize("planes", [1, 2])
def test_monochrome_has_no_chroma(planes: int) -> None:
    assert restore_chroma(frame(8, 8, (1, 1))[:planes], fmt_of(8), ChromaStudent()) == []


def test_codes_above_the_peak_count_as_the_peak() -> None:
    planes, net = frame(24, 24, bits=16), random_chroma_student()
    capped = [np.minimum(plane, 1023) for plane in planes]
    ours, theirs = (np.stack(restore_chroma(of, fmt_of(10), net)) for of in (planes, capped))
    np.testing.assert_array_equal(ours, theirs)


def test_luma_of_a_chroma_sample_is_the_mean_of_those_that_are_there() -> None:
    luma = torch.arange(15.0).view(1, 1, 3, 5)
    assert luma_on_chroma_grid(luma, (2, 2)).tolist() == [[[[3, 5, 6.5], [10.5, 12.5, 14]]]]
    assert luma_on_chroma_grid(luma, (1, 4))[0, 0].tolist() == [[1.5, 4], [6.5, 9], [11.5, 14]]
    assert torch.equal(luma_on_chroma_grid(luma, (1, 1)), luma)


def test_what_is_no_frame_is_refused() -> None:
    luma, cb, cr = frame(16, 16)
    with pytest.raises(ModelError, match="fit no subsampling"):
        restore_chroma([luma, cb[:5], cr[:5]], fmt_of(8), ChromaStudent())
    with pytest.raises(ModelError, match="10 bits want uint16"):
        restore_chroma([luma, cb, cr], fmt_of(10), ChromaStudent())
    with pytest.raises(ModelError, match="of one shape"):
        restore_chroma([luma, cb, cr[:5]], fmt_of(8), ChromaStudent())
    assert subsampling((1, 1), (1, 1)) == (1, 1)
