"""With reuse or without it: the same pictures, bit for bit, for every student and format."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from vidsharp.models.cpu import torch_student
from vidsharp.models.enhance import Enhancer
from vidsharp.models.nets.catalogue import Student, student_of
from vidsharp.models.nets.reference import ReferenceStudent
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.models.sequence import neighbours
from vidsharp.models.sequence.reuse import Reuse

from tests.support.students import random_student, random_teacher

EIGHT = PlaneFormat(8, full_range=False, matrix="bt709", chroma_left=True)
TEN = replace(EIGHT, bit_depth=10, matrix="bt2020", chroma_left=False)
STUDENTS = ("fast", "balanced", "reference", "fast by torch", "balanced by torch", "teacher")
CHROMA = {"420": (2, 2), "422": (1, 2), "444": (1, 1)}
Planes = list[np.ndarray]


def student(name: str) -> Student:
    """An untrained network of a student's kind and size, with no zero weights."""
    torch.manual_seed(3)
    if name == "reference":
        return student_of(name, ReferenceStudent().eval())
    if name == "teacher":
        return student_of(name, random_teacher(3))
    size = {"dilations": (1, 2, 4, 1), "depth": 4} if name == "fast" else {"bands": 4, "width": 32, "depth": 8}
    return student_of(name, random_student(**size))


def enhancer_of(name: str, strength: float = 1.0) -> Enhancer:
    """A student's; "by torch": without the C library, also where there is one."""
    kind, _, by = name.partition(" by ")
    return Enhancer(student(kind), strength=strength, plain=by == "torch")


@pytest.fixture(autouse=True)
def _small_strips(monkeypatch: pytest.MonkeyPatch) -> None:
    """Frames of a test's size, too, are cut into several strips."""
    monkeypatch.setattr(torch_student, "STRIP_PIXELS", {"luma": 1 << 15, "rgb": 1 << 16})


def noise(rng: np.random.Generator, size: tuple[int, int], fmt: PlaneFormat = EIGHT, chroma: str = "420") -> Planes:
    kind = np.uint8 if fmt.bit_depth == 8 else np.uint16
    down, across = CHROMA[chroma]
    half = (-(-size[0] // down), -(-size[1] // across))
    return [rng.integers(0, 2**fmt.bit_depth, shape).astype(kind) for shape in (size, half, half)]


def edit(rng: np.random.Generator, planes: Planes, fmt: PlaneFormat) -> None:
    """Changes up to three rectangles, from a single sample to a large part, in place."""
    for _ in range(rng.integers(0, 4)):
        plane = planes[rng.integers(0, len(planes))]
        y, x = (rng.integers(0, side) for side in plane.shape)
        high, wide = (1 + rng.integers(0, 40) ** rng.integers(0, 3) // 10 for _ in range(2))
        spot = plane[y : y + high, x : x + wide]
        spot[...] = rng.integers(0, 2**fmt.bit_depth, spot.shape)


def assert_equal(mine: list[np.ndarray | None], whole: list[np.ndarray | None]) -> None:
    for one, other in zip(mine, whole, strict=True):
        assert (one is None) == (other is None)
        if one is not None and other is not None:
            assert one.dtype == other.dtype
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", STUDENTS)
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    seed=st.integers(0, 2**32 - 1),
    size=st.tuples(st.integers(1, 330), st.integers(1, 400)),
    fmt=st.sampled_from([EIGHT, TEN]),
    chroma=st.sampled_from(sorted(CHROMA)),
    strength=st.sampled_from([1.0, 0.6, 1.5]),
)
def test_equals_the_whole_frame(
    name: str, seed: int, size: tuple[int, int], fmt: PlaneFormat, chroma: str, strength: float
) -> None:
    rng = np.random.default_rng(seed)
    if name == "teacher":
        size = (size[0] // 3 + 2, size[1] // 3 + 2)
    enhancer = enhancer_of(name, strength)
    reuse, planes = Reuse(enhancer), noise(rng, size, fmt, chroma)
    for _ in range(5):
        assert_equal(reuse.planes(planes, fmt), enhancer.planes(planes, fmt))
        edit(rng, planes, fmt)
    planes = noise(rng, size, fmt, chroma)  # a cut
    assert_equal(reuse.planes(planes, fmt), enhancer.planes(planes, fmt))


@pytest.mark.parametrize("name", STUDENTS[:5])
def test_a_small_change_leaves_most_of_a_frame_to_copy(name: str) -> None:
    """And the parts that are computed do come from windows: else nothing would be proved above."""
    enhancer = enhancer_of(name)
    reuse, planes = Reuse(enhancer), noise(np.random.default_rng(0), (600, 700))
    reuse.planes(planes, EIGHT)
    assert reuse.share == 0
    for y, x in ((0, 0), (599, 699), (300, 350), (299, 0), (0, 350)):
        planes[0][y, x] ^= 1
        before = reuse.share or 0
        assert_equal(reuse.planes(planes, EIGHT), enhancer.planes(planes, EIGHT))
        assert (reuse.share or 0) > before
    assert (reuse.share or 0) > 0.5


@pytest.mark.parametrize("name", ["fast", "reference", "fast by torch"])
@pytest.mark.parametrize("moving", [8, 9, 10, 11, 16, 17, 18])
def test_where_all_moved_for_long_it_seldom_looks_and_finds_what_stands_still_soon(
    name: str, moving: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    enhancer, rng, looks = enhancer_of(name), np.random.default_rng(0), []
    look = neighbours.changed_cells
    monkeypatch.setattr(neighbours, "changed_cells", lambda *given: looks.append(1) or look(*given))
    reuse, size = Reuse(enhancer), (64, 96)
    planes: Planes = []
    for _ in range(moving):
        planes = noise(rng, size)
        assert_equal(reuse.planes(planes, EIGHT), enhancer.planes(planes, EIGHT))
    assert len(looks) == min(moving - 1, 9) + (moving > 17), "nine pictures, then one in eight"
    assert reuse.share == 0
    for _ in range(10):
        assert_equal(reuse.planes([plane.copy() for plane in planes], EIGHT), enhancer.planes(planes, EIGHT))
    assert (reuse.share or 0) >= 2 / (moving + 10)


def test_older_processors_agree() -> None:
    """oneDNN kept to AVX2 sums the reference's transposed convolution in three orders, by shape."""
    test = f"{__file__}::test_a_small_change_leaves_most_of_a_frame_to_copy"
    limits = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", test]
    done = subprocess.run(command, env={**os.environ, **limits}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", STUDENTS)
def test_an_equal_frame_is_copied_whole(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    enhancer = enhancer_of(name)
    reuse, planes = Reuse(enhancer), noise(np.random.default_rng(0), (50, 70))
    first = [None if plane is None else plane.copy() for plane in reuse.planes(planes, EIGHT)]
    monkeypatch.setattr(enhancer, "planes", None)  # whoever calls either fails
    monkeypatch.setattr(enhancer, "begin", None)
    assert_equal(reuse.planes([plane.copy() for plane in planes], EIGHT), first)
    assert reuse.share == 0.5


def test_chroma_counts_where_the_student_sees_it() -> None:
    for name, wanted in (("fast", 0.5), ("reference", 0.0)):
        enhancer = Enhancer(student(name))
        reuse, planes = Reuse(enhancer), noise(np.random.default_rng(0), (20, 20))
        reuse.planes(planes, EIGHT)
        planes[1][5, 5] ^= 1
        assert_equal(reuse.planes(planes, EIGHT), enhancer.planes(planes, EIGHT))
        assert reuse.share == wanted, name


def test_another_size_or_meaning_starts_anew() -> None:
    rng = np.random.default_rng(0)
    enhancer = Enhancer(student("reference"))
    reuse, planes = Reuse(enhancer), noise(rng, (40, 50))
    grey = planes[:1]
    for given_, fmt in [
        (planes, EIGHT),
        (planes, replace(EIGHT, full_range=True)),
        (planes, replace(EIGHT, matrix="bt601")),
        (noise(rng, (40, 52)), EIGHT),
        (noise(rng, (40, 52), chroma="444"), EIGHT),
        (noise(rng, (40, 52), TEN), TEN),
        (grey, EIGHT),
        (planes, EIGHT),
    ]:
        assert_equal(reuse.planes(given_, fmt), enhancer.planes(given_, fmt))
    assert reuse.share == 0


def test_sequences_have_histories_of_their_own() -> None:
    rng = np.random.default_rng(0)
    enhancer = Enhancer(student("fast"))
    reuse, fields = Reuse(enhancer), [noise(rng, (64, 64)) for _ in range(2)]
    for _ in range(3):
        for sequence, planes in enumerate(fields):
            assert_equal(reuse.planes(planes, EIGHT, sequence), enhancer.planes(planes, EIGHT))
    assert reuse.share == pytest.approx(2 / 3)


def test_the_input_may_be_overwritten_once_the_result_is_there() -> None:
    enhancer = Enhancer(student("fast"))
    rng = np.random.default_rng(0)
    reuse, original = Reuse(enhancer), noise(rng, (64, 96))
    expected = enhancer.planes(original, EIGHT)
    for _ in range(3):
        planes = [plane.copy() for plane in original]
        for plane, made in zip(planes, reuse.planes(planes, EIGHT), strict=True):
            if made is not None:
                plane[...] = made
        assert_equal([planes[0], None, None], expected)


def test_strength_zero_does_nothing() -> None:
    reuse = Reuse(Enhancer(student("fast"), strength=0))
    assert reuse.planes(noise(np.random.default_rng(0), (8, 8)), EIGHT) == [None, None, None]
    assert reuse.share is None


def test_no_window_has_the_frames_bits_then_whole_frames_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    enhancer = Enhancer(student("fast"), plain=True)
    monkeypatch.setattr("vidsharp.models.cpu.same_bits.SameBits.hold_for", lambda *_: False)
    reuse, planes = Reuse(enhancer), noise(np.random.default_rng(0), (300, 400))
    for _ in range(2):
        assert_equal(reuse.planes(planes, EIGHT), enhancer.planes(planes, EIGHT))
        planes[0][150, 200] ^= 1
    assert reuse.share == 0
