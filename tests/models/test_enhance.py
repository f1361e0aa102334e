"""Planes in, planes out: types, rounding, strength, formats, tiles."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from vidsharp.models.enhance import Enhancer
from vidsharp.models.errors import ModelError
from vidsharp.models.nets.catalogue import Student, student_of
from vidsharp.models.nets.look import DEFAULT_LOOK
from vidsharp.models.nets.reference import ReferenceStudent
from vidsharp.models.planes.plane_format import PlaneFormat

from tests.support.students import random_student, two_looks

VIDEO8 = PlaneFormat(8, full_range=False, matrix="bt709", chroma_left=True)
VIDEO10 = PlaneFormat(10, full_range=False, matrix="bt2020", chroma_left=True)


class Brighter(nn.Module):
    """Adds a constant."""

    sees_beyond_halo = False
    looks = 1

    def __init__(self, by: float) -> None:
        super().__init__()
        self.by = by

    def forward(self, x: Tensor) -> Tensor:
        return x + self.by


def luma_student(net: Any) -> Student:
    return Student("test", net, "luma", 16, 4)


def rgb_student() -> Student:
    torch.manual_seed(0)
    return student_of("test", ReferenceStudent())


def noise(height: int, width: int, bits: int = 8, seed: int = 0) -> list[np.ndarray]:
    """Random 4:2:0 planes."""
    rng = np.random.default_rng(seed)
    half = ((height + 1) // 2, (width + 1) // 2)
    kind = np.uint8 if bits == 8 else np.uint16
    return [rng.integers(0, 2**bits, size).astype(kind) for size in ((height, width), half, half)]


@pytest.mark.parametrize("name", ["fast", "reference"])
def test_strength_zero_changes_nothing(name: str) -> None:
    assert Enhancer(name, strength=0).planes(noise(10, 12), VIDEO8) == [None, None, None]


@pytest.mark.parametrize("size", [(1, 1), (3, 5), (18, 31), (64, 48)])
@pytest.mark.parametrize("fmt", [VIDEO8, VIDEO10])
def test_any_size_keeps_shape_type_and_input(size: tuple[int, int], fmt: PlaneFormat) -> None:
    for enhancer in (Enhancer("fast"), Enhancer(rgb_student())):
        planes = noise(*size, fmt.bit_depth)
        before = [p.copy() for p in planes]
        out = enhancer.planes(planes, fmt)
        assert (out[1] is None) == (out[2] is None) == (enhancer.domain == "luma")
        for given, kept, made in zip(planes, before, out, strict=True):
            assert np.array_equal(given, kept)
            if made is not None:
                assert (made.dtype, made.shape) == (given.dtype, given.shape)
                assert made.max() < 2**fmt.bit_depth


def test_padded_rows_and_read_only_planes() -> None:
    wide = np.random.default_rng(0).integers(0, 256, (20, 64), dtype=np.uint8)
    view = wide[:, :37]
    view.flags.writeable = False
    enhancer = Enhancer(luma_student(random_student()))
    np.testing.assert_array_equal(enhancer.planes([view], VIDEO8)[0], enhancer.planes([view.copy()], VIDEO8)[0])


def test_rounds_half_up_and_clips_to_the_code_range() -> None:
    luma = np.array([[0, 100, 101, 255]], dtype=np.uint8)
    for by, strength, wanted in [
        (0.5, 1.0, [1, 101, 102, 255]),
        (-0.5, 1.0, [0, 100, 101, 255]),
        (1.0, 1.5, [2, 102, 103, 255]),
        (-4.0, 0.5, [0, 98, 99, 253]),
    ]:
        out = Enhancer(luma_student(Brighter(by / 255)), strength=strength).planes([luma], VIDEO8)[0]
        assert out is not None
        # float32 holds by/255 only nearly, so an exact half may fall either way by one step
        assert np.abs(out.astype(int) - wanted).max() <= (1 if abs(by * strength) % 1 else 0)


def test_ten_bits_follow_eight() -> None:
    enhancer = Enhancer(luma_student(random_student()))
    luma = noise(24, 24)[0]
    eight = enhancer.planes([luma], VIDEO8)[0]
    ten = enhancer.planes([((luma.astype(int) * 1023 + 127) // 255).astype(np.uint16)], VIDEO10)[0]
    assert eight is not None
    assert ten is not None
    assert np.abs(ten / 1023 - eight / 255).max() < 2 / 255


@pytest.mark.parametrize("chroma", [(16, 20), (32, 20), (32, 40), None])
def test_rgb_identity_keeps_all_planes(chroma: tuple[int, int] | None) -> None:
    """Only the change goes through RGB: with no change, even colours out of gamut stay exactly."""

    class Same(nn.Module):
        sees_beyond_halo = False
        looks = 1

        def forward(self, x: Tensor) -> tuple[Tensor, None]:
            return x.clone(), None

    rng = np.random.default_rng(0)
    sizes = [(32, 40)] if chroma is None else [(32, 40), chroma, chroma]
    planes = [rng.integers(0, 256, size, dtype=np.uint8) for size in sizes]
    same: Any = Same()
    for given, made in zip(planes, Enhancer(Student("same", same, "rgb", 0, 2)).planes(planes, VIDEO8), strict=True):
        np.testing.assert_array_equal(given, made)


@pytest.mark.parametrize("student", [luma_student(random_student()), rgb_student()], ids=["luma", "rgb"])
def test_tile_with_halo_equals_whole(student: Student) -> None:
    enhancer = Enhancer(student)
    planes = noise(112, 128)
    whole = enhancer.planes(planes, VIDEO8)
    assert enhancer.halo_px is not None
    halo, side = enhancer.halo_px + enhancer.halo_px % 4, 32
    for top, left in [(48, 64), (0, 96), (80, 0)]:
        y0, x0, y1, x1 = max(top - halo, 0), max(left - halo, 0), top + side + halo, left + side + halo
        parts = [planes[0][y0:y1, x0:x1], *(p[y0 // 2 : y1 // 2, x0 // 2 : x1 // 2] for p in planes[1:])]
        tile = enhancer.planes(parts, VIDEO8)
        for part, full, by in zip(tile, whole, (1, 2, 2), strict=True):
            if part is not None and full is not None:
                inner = part[(top - y0) // by :, (left - x0) // by :][: side // by, : side // by]
                wanted = full[top // by : (top + side) // by, left // by : (left + side) // by]
                np.testing.assert_array_equal(inner, wanted)


def test_is_repeatable() -> None:
    planes = noise(40, 44)
    for name in ("fast", "reference"):
        once, twice = (Enhancer(name).planes(planes, VIDEO8)[0] for _ in range(2))
        np.testing.assert_array_equal(once, twice)


def test_refuses_wrong_settings_and_planes() -> None:
    with pytest.raises(ModelError, match=r"strength of 2 .*accepted are 0 to 1\.5"):
        Enhancer("fast", strength=2)
    with pytest.raises(ModelError, match="10 bits want uint16"):
        Enhancer("fast").planes(noise(4, 4), VIDEO10)
    with pytest.raises(ModelError, match="accepted are 8 to 16"):
        PlaneFormat(7, False, "bt709", True)
    with pytest.raises(ModelError, match="accepted are bt601"):
        PlaneFormat(8, False, "rgb", True)


LOOKS = (0.0, 0.35, 1.0)


@pytest.fixture
def two(tmp_path: Path) -> str:
    return two_looks(tmp_path / "two.safetensors")


@pytest.mark.parametrize("plain", [False, True], ids=["library", "torch"])
def test_a_look_gives_what_a_student_with_that_one_head_gives(two: str, plain: bool) -> None:
    luma, both, seen = noise(61, 90)[:1], random_student(looks=2), []
    for look in LOOKS:
        alone = Enhancer(luma_student(both.with_look(look)), plain=plain)
        enhancer = Enhancer(two, plain=plain, look=look)
        assert (enhancer.look, alone.look, enhancer.name) == (look, None, "two")
        wanted = alone.planes(luma, VIDEO8)[0]
        given = Enhancer(luma_student(both), plain=plain, look=look)
        for made in (enhancer.planes(luma, VIDEO8)[0], given.planes(luma, VIDEO8)[0]):
            np.testing.assert_array_equal(made, wanted)
        seen.append(wanted)
    assert not np.array_equal(seen[0], seen[2])
    for by_default in (Enhancer(two, plain=plain), Enhancer(luma_student(both), plain=plain)):
        assert by_default.look == DEFAULT_LOOK
        np.testing.assert_array_equal(by_default.planes(luma, VIDEO8)[0], seen[LOOKS.index(DEFAULT_LOOK)])


@pytest.mark.parametrize("plain", [False, True], ids=["library", "torch"])
@pytest.mark.parametrize("look", LOOKS)
def test_a_window_gives_the_frames_bits_at_any_look(two: str, plain: bool, look: float) -> None:
    enhancer, luma = Enhancer(two, plain=plain, look=look), noise(120, 144)[0]
    whole, halo = enhancer.planes([luma], VIDEO8)[0], enhancer.halo_px
    assert whole is not None
    for top, left, side in [(40, 48, 32), (0, 0, 32), (88, 112, 32)]:
        y, x = max(top - halo, 0), max(left - halo, 0)
        window = enhancer.planes([luma[y : top + side + halo, x : left + side + halo]], VIDEO8)[0]
        assert window is not None
        inner = window[top - y : top - y + side, left - x : left - x + side]
        np.testing.assert_array_equal(inner, whole[top : top + side, left : left + side])


def test_looks_that_cannot_be(two: str) -> None:
    for student in ("fast-0.1", "reference", luma_student(random_student()), rgb_student()):
        assert Enhancer(student, look=0.0).look is None
        for plain in (False, True):
            with pytest.raises(ModelError, match="has one look, natural, so it cannot be crisp"):
                Enhancer(student, plain=plain, look=1.0)
    with pytest.raises(ModelError, match=r"A look of 1\.1 is out of range"):
        Enhancer(two, look=1.1)
