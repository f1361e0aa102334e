"""The C library gives what torch gives, within a code value; its windows give the frame's bits; all works without."""

import ctypes
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from vidsharp.models.enhance import Enhancer
from vidsharp.models.errors import DeviceError
from vidsharp.models.fused import blend_library
from vidsharp.models.fused.fused_blend import FusedBlend
from vidsharp.models.fused.fused_net import Plane
from vidsharp.models.nets.blend import BlendStudent
from vidsharp.models.nets.blend_weights import BlendWeights
from vidsharp.models.nets.catalogue import load_student
from vidsharp.models.planes.plane_format import PlaneFormat
from vidsharp.models.sequence.cover import Box

from tests.support import media
from tests.support.students import random_student

SETS = blend_library.instruction_sets()
KINDS: dict[str, dict[str, Any]] = {
    "fast": {"dilations": (1, 2, 4, 1), "depth": 4},
    "balanced": {"bands": 4, "width": 32, "depth": 8},
    "odd": {"bands": 1, "width": 12, "depth": 1},
    "between": {"dilations": (1, 2), "depth": 2, "between": True},
}
EIGHT = PlaneFormat(8, full_range=False, matrix="bt709", chroma_left=True)
FASTEST = blend_library.fastest_set()
needs_library = pytest.mark.skipif(not SETS, reason="needs the C library")
needs_vectors = pytest.mark.skipif(FASTEST is None, reason="needs the C library and a processor with AVX2 or NEON")


@pytest.mark.skipif("VIDSHARP_NEEDS_COMPILER" not in os.environ, reason="only CI must have a compiler")
def test_the_library_was_built() -> None:
    assert blend_library._library() is not None


def noise(size: tuple[int, int], peak: int, seed: int = 0) -> np.ndarray:
    kind = np.uint8 if peak == 255 else np.uint16
    return np.random.default_rng(seed).integers(0, peak + 1, size).astype(kind)


def by_torch(student: BlendStudent, codes: np.ndarray, peak: int, strength: float) -> np.ndarray:
    """The values before they are rounded, float32 [H, W]."""
    x = torch.from_numpy(codes.astype(np.float32))
    with torch.inference_mode():
        change = student(x[None, None] / peak)[0, 0] - x / peak
    return (x + strength * peak * change).numpy()


@needs_library
@pytest.mark.parametrize("instructions", SETS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("peak", "strength"), [(255, 1.0), (1023, 0.6), (65535, 1.5)])
@pytest.mark.parametrize("size", [(1, 1), (3, 130), (61, 83), (300, 64), (130, 770)], ids=str)
def test_gives_what_torch_gives(
    size: tuple[int, int], peak: int, strength: float, kind: str, instructions: str
) -> None:
    student, codes = random_student(**KINDS[kind]), noise(size, peak)
    given_, wanted = codes.copy(), by_torch(student, codes, peak, strength)
    fused = FusedBlend(student.as_arrays(), peak, strength, instructions)
    floats = fused.sharpen(codes, 2, rounded=False)
    change = np.sqrt(np.square(wanted - codes).mean())  # of untrained weights: up to five times as large as `peak`
    np.testing.assert_allclose(floats, wanted, atol=0.02 * change, rtol=0)
    made = fused.sharpen(codes, 2)
    assert made.dtype == codes.dtype
    np.testing.assert_array_equal(made, np.clip(np.floor(floats + np.float32(0.5)), 0, peak).astype(codes.dtype))
    np.testing.assert_array_equal(codes, given_)


@needs_library
@pytest.mark.parametrize("instructions", SETS)
@pytest.mark.parametrize("look", [0.0, 0.4, 1.0])
def test_gives_what_torch_gives_at_any_look(look: float, instructions: str) -> None:
    """And what a student with this one head gives, to the last bit."""
    student, codes = random_student(looks=2), noise((61, 83), 255)
    plain = student.with_look(look)
    weights = BlendWeights.of({name: value.numpy() for name, value in student.state_dict().items()}, look)
    assert weights is not None
    floats = FusedBlend(weights, 255, 1.0, instructions).sharpen(codes, 1, rounded=False)
    wanted = by_torch(plain, codes, 255, 1.0)
    change = np.sqrt(np.square(wanted - codes).mean())
    np.testing.assert_allclose(floats, wanted, atol=0.02 * change, rtol=0)
    again = FusedBlend(plain.as_arrays(), 255, 1.0, instructions).sharpen(codes, 1, rounded=False)
    np.testing.assert_array_equal(floats, again)


@needs_vectors
@pytest.mark.parametrize("name", ["fast", "balanced"])
def test_shipped_students_differ_from_torch_by_one_code_and_seldom(name: str) -> None:
    checks = np.kron(noise((68, 120), 1), np.full((4, 4), 255)).astype(np.uint8)
    picture = media.picture(0, (480, 272), "gray").to_ndarray()
    for codes, seldom in [(noise((270, 480), 255), 0.05), (checks, 0.3), (picture, 0.006)]:
        one, other = (Enhancer(name, plain=plain).planes([codes], EIGHT)[0] for plain in (False, True))
        assert one is not None
        assert other is not None
        difference = np.abs(one.astype(int) - other)
        assert difference.max() <= 1
        assert (difference > 0).mean() < seldom
        assert not np.array_equal(one, codes)


@needs_library
@settings(max_examples=40, deadline=None)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    instructions=st.sampled_from(SETS or ("",)),
    size=st.tuples(st.integers(1, 400), st.integers(1, 500)),
    corner=st.tuples(st.integers(0, 100), st.integers(0, 125)),
    side=st.tuples(st.integers(1, 200), st.integers(1, 250)),
    threads=st.integers(1, 4),
)
def test_windows_of_any_shape_give_the_frames_bits(
    kind: str, instructions: str, size: tuple[int, int], corner: tuple[int, int], side: tuple[int, int], threads: int
) -> None:
    student = random_student(**KINDS[kind])
    fused, codes, halo = FusedBlend(student.as_arrays(), 255, 1.0, instructions), noise(size, 255), student.halo_px
    whole = fused.sharpen(codes, 1, rounded=False)
    top, left = (min(4 * cell, (length - 1) // 4 * 4) for cell, length in zip(corner, size, strict=True))
    y, x = max(top - halo, 0), max(left - halo, 0)
    window = codes[y : top + side[0] + halo + 3, x : left + side[1] + halo + 3]
    # A window that ends within the frame ends with a whole cell.
    window = window[: window.shape[0] // 4 * 4 if y + window.shape[0] < size[0] else None]
    window = window[:, : window.shape[1] // 4 * 4 if x + window.shape[1] < size[1] else None]
    made = fused.sharpen(window, threads, rounded=False)[top - y :, left - x :][: side[0], : side[1]]
    np.testing.assert_array_equal(made, whole[top : top + side[0], left : left + side[1]])


@needs_vectors
def test_all_instruction_sets_give_the_same_bits() -> None:
    """So one recording comes out the same on all processors that the library knows: more in tests/kernels."""
    codes = noise((203, 517), 255)
    for name in ("fast", "balanced", "best"):
        net = load_student(name).net
        assert isinstance(net, BlendStudent)
        made = [FusedBlend(net.as_arrays(), 255, 1.0, each).sharpen(codes, rounded=False) for each in SETS]
        for other in made[1:]:
            np.testing.assert_array_equal(other, made[0])


@needs_library
def test_padded_rows_columns_apart_and_read_only_planes() -> None:
    wide = noise((40, 96), 255)
    fused = FusedBlend(random_student().as_arrays(), 255, 1.0)
    for view in (wide[:, :61], wide[:, ::2], wide[::2]):
        view.flags.writeable = False
        np.testing.assert_array_equal(fused.sharpen(view), fused.sharpen(view.copy()))


@needs_library
def test_nothing_is_written_beyond_the_plane() -> None:
    fused = FusedBlend(random_student().as_arrays(), 255, 1.0)
    for height, width in [(1, 1), (5, 47), (8, 49), (33, 95)]:
        frame = np.full((height + 2, width + 2), 77, np.uint8)
        inner = frame[1:-1, 1:-1]
        whole = Box(0, 0, -(-height // 4), -(-width // 4))
        blend_library.run(fused.net._job(Plane(inner, noise((height, width), 255)), whole), SETS[0])
        inner[...] = 77
        assert (frame == 77).all()


@needs_library
@given(
    kind=st.sampled_from(list(KINDS)),
    instructions=st.sampled_from(SETS or ("",)),
    size=st.tuples(st.integers(1, 300), st.integers(1, 500)),
    cuts=st.tuples(st.integers(0, 75), st.integers(1, 75), st.integers(0, 125), st.integers(1, 125)),
    threads=st.integers(1, 3),
    dtype=st.sampled_from([np.uint8, np.float32]),
)
@settings(deadline=None)
def test_boxes_get_the_frames_bits_and_nothing_else_is_written(
    kind: str, instructions: str, size: tuple[int, int], cuts: tuple[int, int, int, int], threads: int, dtype: type
) -> None:
    fused, codes = FusedBlend(random_student(**KINDS[kind]).as_arrays(), 255, 1.0, instructions), noise(size, 255)
    whole = fused.sharpen(codes, 1, rounded=dtype == np.uint8)
    bottom, right = (-(-side // 4) for side in size)
    top, left = min(cuts[0], bottom - 1), min(cuts[2], right - 1)
    middle, across = min(top + cuts[1], bottom), min(left + cuts[3], right)
    # Two boxes that meet at a corner.
    boxes = [Box(top, left, middle, across)]
    boxes += [Box(middle, across, bottom, right)] if middle < bottom and across < right else []
    made, wanted = np.full(size, 77, dtype), np.full(size, 77, dtype)
    for box in boxes:
        place = slice(4 * box.top, 4 * box.bottom), slice(4 * box.left, 4 * box.right)
        wanted[place] = whole[place]
    fused.renew(made, codes, boxes, threads)
    np.testing.assert_array_equal(made, wanted)


@pytest.mark.parametrize("plain", [False, True], ids=["as it comes", "by torch"])
@pytest.mark.parametrize("bits", [10, 12])
def test_codes_above_the_peak_count_as_the_peak(bits: int, plain: bool) -> None:
    """Raw video has room for them: sums in C hold 32 bits, which only codes of the format never leave."""
    fmt, enhancer = replace(EIGHT, bit_depth=bits), Enhancer("fast", plain=plain)
    codes = noise((61, 83), fmt.peak)
    codes[::3, ::5] = codes[20:40, 30:60] = 65535
    given_ = codes.copy()
    made, wanted = (enhancer.planes([each], fmt)[0] for each in (codes, np.minimum(codes, np.uint16(fmt.peak))))
    np.testing.assert_array_equal(made, wanted)
    np.testing.assert_array_equal(codes, given_)


BAD_JOBS = """
import ctypes
import numpy as np
from vidsharp.models.fused import blend_library
from vidsharp.models.sequence.cover import Box
from vidsharp.models.fused.fused_blend import FusedBlend
from vidsharp.models.fused.fused_net import Plane
from tests.support.plain_students import plain_student

fused, codes = FusedBlend(plain_student(), 255, 1.0), np.zeros((40, 60), np.uint8)
far = np.array([1, 17], np.int32)
near = np.array([0, 1], np.int32)
for changes in [
    {}, {"depth": 0}, {"depth": 32}, {"dilations": far.ctypes.data}, {"dilations": near.ctypes.data}, {"channels": 0},
    {"channels": 12}, {"channels": 2**20}, {"bands": -1}, {"between": 2},
    {"between": 1, "guide": codes.ctypes.data}, {"code_bytes": 4}, {"out_bytes": 2}, {"out_bytes": 0},
    {"peak": 1023}, {"peak": float("nan")}, {"zero": 7}, {"height": 0}, {"width": -4}, {"width": 2**40},
    {"first": -1}, {"end": 11}, {"first": 5, "end": 4}, {"left": -1}, {"right": 16},
]:
    made = np.full_like(codes, 77)
    job = fused.net._job(Plane(made, codes), Box(0, 0, 10, 15))
    for name, value in changes.items():
        setattr(job, name, value)
    try:
        blend_library.run(job, blend_library.instruction_sets()[0])
        print("done", flush=True)
    except Exception as error:
        assert (made == 77).all()
        print(type(error).__name__, error, flush=True)
library = blend_library._library()
print(*(library.vidsharp_blend(ctypes.byref(job), number) for number in (-1, 6, 32, 1000)), flush=True)
"""


@needs_library
def test_no_job_that_cannot_be_is_begun() -> None:
    """In a process of its own, which a library that believed all would end."""
    root = str(Path(__file__).parents[3])
    done = subprocess.run([sys.executable, "-c", BAD_JOBS], capture_output=True, text=True, check=False, cwd=root)
    kinds = [line.split()[0] for line in done.stdout.splitlines()]
    assert kinds == ["done", *["ModelError"] * 10, *["ValueError"] * 14, "2"], done.stdout + done.stderr
    assert len(set(done.stdout.splitlines())) == 1 + 5 + 3 + 1, "each in words of its own"
    assert done.stdout.splitlines()[-1] == "2 2 2 2"


@needs_library
@pytest.mark.skipif(len(SETS) == len(blend_library.SETS), reason="this processor has them all")
def test_instructions_that_the_processor_lacks_are_no_lack_of_memory() -> None:
    (lacking, *_) = [name for name in blend_library.SETS if name not in SETS]
    fused, codes = FusedBlend(random_student().as_arrays(), 255, 1.0), noise((8, 8), 255)
    with pytest.raises(DeviceError, match="does not have the instructions"):
        blend_library.run(fused.net._job(Plane(codes.copy(), codes), Box(0, 0, 2, 2)), lacking)


@needs_library
def test_the_job_is_laid_out_as_the_library_reads_it() -> None:
    library = blend_library._library()
    assert library is not None
    assert library.vidsharp_job_bytes() == ctypes.sizeof(blend_library.Job)


def test_students_with_a_reach_that_the_library_has_no_room_for_are_left_to_torch() -> None:
    assert not FusedBlend.takes(random_student(dilations=(1, 17)).as_arrays())
    assert FusedBlend.takes(random_student(dilations=(1, 16)).as_arrays()) == bool(FASTEST)


def test_students_too_wide_or_without_layers_are_left_to_torch() -> None:
    student = random_student(depth=1, dilations=(1,)).as_arrays()
    weight, bias = student.enter
    assert not FusedBlend.takes(replace(student, enter=(np.resize(weight, (1032, 32, 1, 1)), np.resize(bias, 1032))))
    assert not FusedBlend.takes(replace(student, enter=(weight[:0], bias[:0])))
    assert not FusedBlend.takes(replace(student, layers=(), dilations=()))
    assert not FusedBlend.takes(replace(student, filters=np.resize(student.filters, (1025, 9, 9))))


@pytest.mark.parametrize("far", [0, -1, -(2**31)])
def test_no_file_makes_the_library_look_backwards(far: int) -> None:
    """What it keeps of a layer has as many rows as the dilation says."""
    assert not FusedBlend.takes(replace(random_student(depth=1, dilations=(1,)).as_arrays(), dilations=(far,)))


def test_without_the_library_torch_does_the_work() -> None:
    program = (
        "from vidsharp.models.fused import c_library\n"
        "c_library.c_library = lambda *_: None\n"
        "import numpy as np\n"
        "from vidsharp.models.enhance import Enhancer\n"
        "from vidsharp.models.planes.plane_format import PlaneFormat\n"
        "from vidsharp.models.fused import blend_library\n"
        "assert blend_library.instruction_sets() == ()\n"
        "planes = [np.random.default_rng(0).integers(0, 256, (40, 60), dtype=np.uint8)]\n"
        "fmt = PlaneFormat(8, False, 'bt709', True)\n"
        "one, other = (Enhancer('fast', plain=plain).planes(planes, fmt)[0] for plain in (False, True))\n"
        "assert np.array_equal(one, other) and not np.array_equal(one, planes[0])\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
